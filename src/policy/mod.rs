//! Who may connect: the one judgement that every backend shares.
//!
//! A chain is first *authenticated* (path to a trust anchor, signatures, validity, key usage, name) and then
//! *authorized* by a [`PeerMatcher`]. The floor is pure: no I/O, no clock, no TLS library; time and signature
//! algorithms are given to it.

mod alert;
mod algorithms;
mod anchor;
mod explanation;
mod extensions;
mod judgement;
mod leaf;
mod links;
mod matcher;
mod path;
mod path_error;
mod presented;
mod profile;
mod reason;
mod rejection;
mod revocation;
mod rule;
mod server_name;
mod trust;
mod usage;
mod v1;
mod verifier;
mod verifier_policy;
mod webpki_profile;

pub use alert::Alert;
pub use algorithms::SignatureAlgorithms;
pub use explanation::{Explanation, Outcome, Step};
pub use matcher::{MatcherTextError, MatcherTextProblem, PeerMatcher};
pub use profile::CertificateProfile;
pub use reason::RejectionReason;
pub use rejection::Rejection;
pub(crate) use rejection::rfc3339;
pub use revocation::{RevocationDepth, RevocationRules};
pub use rule::Rule;
pub use trust::TrustBundles;
pub(crate) use trust::TrustSource;
pub use verifier::PeerVerifier;
pub use verifier_policy::VerifierPolicy;
