//! Mutual TLS.
#![forbid(unsafe_code)]

mod error;
mod x509;

pub use error::{BackendKind, BuildError, MaterialError};
