//! Signatures of certificates and revocation lists: the accepted algorithms.

mod algorithms;

pub use algorithms::SignatureAlgorithms;
pub(super) use algorithms::SignatureProblem;
