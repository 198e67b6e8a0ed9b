//! Signatures of certificates and revocation lists: the accepted algorithms, and a memo of what was
//! verified.

mod algorithms;
mod memo;
mod met_once;
mod remembering;

pub use algorithms::SignatureAlgorithms;
pub(super) use algorithms::SignatureProblem;
pub use memo::SignatureMemo;
pub(crate) use remembering::VerifiedSignatures;
