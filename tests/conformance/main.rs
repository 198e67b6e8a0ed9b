//! Other people's test vectors: certificate chains in the format of x509-limbo, before the verifier by itself and
//! before live backends.
//!
//! The vectors are no part of the project. [`vectors::PATH`] names their file; where it is not set these tests say so
//! and pass. `divergences.txt` lists the cases whose verdict is another than the vectors expect, each with the reason
//! why it stands.

mod divergences;
mod pure;
mod vectors;
