//! Other people's test vectors: certificate chains in the format of x509-limbo, before the verifier by itself and
//! before live backends.
//!
//! The vectors are no part of the project. [`vectors::PATH`] names their file; where it is not set
//! these tests say so and pass. `divergences*.txt` list by profile the cases whose verdict is another
//! than the vectors expect, each with the reason why it stands. What ordinary private CAs make is
//! verified as well, made by their own tools where these are installed.

#[path = "../common/mod.rs"]
mod common;

mod divergences;
mod faults;
mod field_cases;
#[cfg(feature = "pkcs12")]
mod field_files;
mod issued;
mod live;
mod meetings;
mod private_cas;
mod pure;
mod recipes;
mod reissue;
mod tools;
mod vectors;
mod workshop;
