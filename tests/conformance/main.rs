//! Other people's test vectors: certificate chains in the format of x509-limbo, before the verifier by itself and
//! before live backends.
//!
//! The vectors are no part of the project. [`vectors::PATH`] names their file; where it is not set these tests say so
//! and pass. Lists by profile name the cases whose verdict is another than the vectors expect, each with the reason
//! why it stands. What ordinary private CAs make is judged as well, wherever the openssl command is.

#[path = "../common/mod.rs"]
mod common;

mod divergences;
mod live;
mod private_cas;
mod pure;
mod recipes;
mod vectors;
