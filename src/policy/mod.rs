//! Peer verification: the rules that every backend shares.
//!
//! A chain is first *authenticated* (path to a trust anchor, signatures, validity, usages,
//! revocation, name) and then *authorized* by a [`PeerMatcher`](crate::PeerMatcher). The first
//! broken rule rejects the peer. Its [`Rejection`] names the [`RejectionReason`], the certificate,
//! the values and a hint. Nothing here does I/O, reads a clock or depends on a TLS library: the
//! caller passes the time and the [`SignatureAlgorithms`]. So the same chain gets the same verdict,
//! for the same reason, on rustls and on OpenSSL. native-tls exposes only the leaf: building a
//! client returns an error if its policy requires more than that. There the platform verifies
//! intermediates by its own rules.
//!
//! # The rules
//!
//! [`Rule`] is the reference: one variant for each rule, in the order of evaluation, with its
//! default, what changes it, its source and its rejection reasons. In short:
//!
//! | | default | changed by |
//! |---|---|---|
//! | accepted peers | none: a matcher is required | [`VerifierPolicy::allow`], [`PeerMatcher`](crate::PeerMatcher) |
//! | trust anchors | all that are configured | [`TrustBundles`]: those of the peer's trust domain |
//! | form of certificates | not checked | [`VerifierPolicy::profile`], [`CertificateProfile`] |
//! | intermediates | at most 6 | [`VerifierPolicy::max_intermediates`]: fewer |
//! | RSA keys | 2048 to 8192 bits | [`VerifierPolicy::min_rsa_bits`]: longer |
//! | lifetime of a leaf | not limited | [`VerifierPolicy::max_leaf_lifetime`] |
//! | revocation | not checked | [`VerifierPolicy::revocation`], [`RevocationRules`](crate::RevocationRules) |
//! | a server's name | must be in its certificate | [`VerifierPolicy::server_spiffe`]: a SPIFFE ID instead |
//! | X.509 version 1 leaves | rejected | [`VerifierPolicy::danger_allow_x509_v1_leaf`] |
//! | common names as host names | never | [`VerifierPolicy::danger_allow_common_name_as_dns`] |
//!
//! An extended key usage is enforced where it is present. Many private CAs leave it out; a server's
//! certificate then also serves as a client's. Use separate CAs for the two, or require names in
//! the matcher.
//!
//! # Trying a policy
//!
//! [`PeerVerifier`] applies the rules of the handshake offline. [`PeerVerifier::explain_client`]
//! and [`PeerVerifier::explain_server`] report every step; [`Explanation`] shows their output for
//! common failures. `shadow_policy` on a builder evaluates a narrower policy beside the one in
//! force, without enforcing it.

mod anchors_hint;
pub(crate) mod build_error;
pub(crate) mod certificate;
mod limits;
pub(crate) mod matcher;
pub(crate) mod name;
mod path;
mod policy_checks;
pub(crate) mod presented_chain;
mod profile;
pub(crate) mod revocation;
pub(crate) mod revocation_rules;
pub(crate) mod setting_problem;
mod signature;
pub(crate) mod trust;
pub(crate) mod verdict;
pub(crate) mod verification;
pub(crate) mod verifier;
pub(crate) mod verifier_policy;

pub use matcher::pattern::string_match::StringMatch;
pub use profile::CertificateProfile;
pub use revocation_rules::RevocationDepth;
pub use signature::{SignatureAlgorithms, SignatureMemo};
pub use trust::Trust;
pub use verdict::explanation::{Explanation, ExplanationStep, StepOutcome};
pub use verdict::rule::Rule;

pub(crate) use signature::VerifiedSignatures;

// Re-exported at the root of the crate.
pub(crate) use build_error::BuildError;
pub(crate) use limits::MAX_CA_NAMES_BYTES;
pub(crate) use policy_checks::FullChainRule;
pub(crate) use trust::TrustBundles;
pub(crate) use trust::anchors::AnchorExpiry;
pub(crate) use verdict::reason::RejectionReason;
pub(crate) use verdict::rejection::Rejection;
pub(crate) use verification::VerificationTime;
pub(crate) use verifier::PeerVerifier;
pub(crate) use verifier_policy::VerifierPolicy;

pub(crate) use certificate::key_usage::{purposes_of, usages_of};
pub(crate) use verdict::rejection::rfc3339;
