//! Who may connect: the one judgement that every backend shares.
//!
//! A chain is first *authenticated* (path to a trust anchor, signatures, validity, key usage, name) and then
//! *authorized* by a [`PeerMatcher`]. The floor is pure: no I/O, no clock, no TLS library; time and signature
//! algorithms are given to it.

mod alert;
mod algorithms;
mod anchor;
mod explanation;
mod leaf;
mod matcher;
mod path;
mod presented;
mod rejection;
mod revocation;
mod rule;
mod server_name;
mod v1;
mod verifier;
mod verifier_policy;

pub use alert::Alert;
pub use algorithms::SignatureAlgorithms;
pub use explanation::{Explanation, Outcome, Step};
pub use matcher::PeerMatcher;
pub use rejection::{Rejection, RejectionReason};
pub use revocation::{RevocationDepth, RevocationRules};
pub use rule::Rule;
pub use verifier::PeerVerifier;
pub use verifier_policy::VerifierPolicy;
