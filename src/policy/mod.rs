//! Who may connect: the one judgement that every backend shares.
//!
//! A chain is first *authenticated* (path to a trust anchor, signatures, validity, usages,
//! revocation, name) and then *authorized* by a [`PeerMatcher`](crate::PeerMatcher). The first rule that is broken
//! refuses the peer, with a [`Rejection`] that names the rule's [`RejectionReason`], the
//! certificate, the values and what to do. Nothing here does I/O, reads a clock or knows a TLS
//! library: time and [`SignatureAlgorithms`] are given, so the same chain gets the same verdict,
//! for the same reason, on rustls and on OpenSSL. native-tls shows the leaf alone: what a policy
//! asks beyond that is refused when a client is built, and what is asked of intermediates initially
//! is the platform's to ask there, by its own rules.
//!
//! # What is asked
//!
//! [`Rule`] is the reference: one variant for each rule, in the order in which they are asked, with
//! what it asks initially, what changes that, its source and the reasons it refuses for. In short:
//!
//! | | initially | changed by |
//! |---|---|---|
//! | who is admitted | nobody: a matcher has to be given | [`VerifierPolicy::allow`], [`PeerMatcher`](crate::PeerMatcher) |
//! | whose anchors count | all that were given | [`TrustBundles`]: those of the peer's trust domain |
//! | form of certificates | not judged | [`VerifierPolicy::profile`], [`CertificateProfile`] |
//! | intermediates | at most 6 | [`VerifierPolicy::max_intermediates`]: fewer |
//! | RSA keys | 2048 to 8192 bits | [`VerifierPolicy::min_rsa_bits`]: longer |
//! | life of a leaf | not limited | [`VerifierPolicy::max_leaf_lifetime`] |
//! | revocation | not asked | [`VerifierPolicy::revocation`], [`RevocationRules`](crate::RevocationRules) |
//! | a server's name | has to be in its certificate | [`VerifierPolicy::server_spiffe`]: a SPIFFE ID in its place |
//! | X.509 version 1 leaves | refused | [`VerifierPolicy::danger_allow_x509_v1_leaf`] |
//! | common names as host names | never | [`VerifierPolicy::danger_allow_common_name_as_dns`] |
//!
//! Extended key usages count where they are there, and many private CAs leave them out: then the
//! certificate of a server serves as a client's. Keep CAs for the two apart, or ask for names in
//! the matcher.
//!
//! # Trying it
//!
//! [`PeerVerifier`] judges offline what the backends judge in handshakes.
//! [`PeerVerifier::explain_client`] and [`PeerVerifier::explain_server`] tell every step;
//! [`Explanation`] shows what that looks like for the failures that one meets. A narrower policy
//! can be tried beside the one in force: `shadow_policy` on a builder.

mod algorithms;
pub(crate) mod certificate;
mod limits;
pub(crate) mod matcher;
pub(crate) mod name;
mod path;
pub(crate) mod presented_chain;
mod profile;
mod revocation;
pub(crate) mod revocation_rules;
pub(crate) mod trust;
pub(crate) mod verdict;
pub(crate) mod verification;
pub(crate) mod verifier;
pub(crate) mod verifier_policy;

pub use algorithms::SignatureAlgorithms;
pub use profile::CertificateProfile;
pub use revocation_rules::RevocationDepth;
pub use trust::Trust;
pub use verdict::explanation::{Explanation, ExplanationStep, StepOutcome};
pub use verdict::rule::Rule;

// At the root of the crate.
pub(crate) use trust::TrustBundles;
pub(crate) use verdict::reason::RejectionReason;
pub(crate) use verdict::rejection::Rejection;
pub(crate) use verifier::PeerVerifier;
pub(crate) use verifier_policy::VerifierPolicy;

pub(crate) use certificate::key_usage::{purposes_of, usages_of};
pub(crate) use verdict::rejection::rfc3339;
