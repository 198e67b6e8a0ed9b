use pki_types::UnixTime;

use super::algorithms::SignatureAlgorithms;
use super::anchor::Anchors;
use super::explanation::Trace;
use super::revocation::Revocation;
use super::usage::Role;
use super::verifier_policy::VerifierPolicy;

/// What a chain is judged by, the same for every rule.
pub(super) struct Judgement<'j> {
    pub(super) anchors: &'j Anchors,
    pub(super) algorithms: &'j SignatureAlgorithms,
    pub(super) policy: &'j VerifierPolicy,
    pub(super) revocation: Option<&'j Revocation>,
    /// The peer's, where the anchors are those of it.
    pub(super) trust_domain: Option<&'j str>,
    /// The end whose purpose the certificates must be for: the peer's, as a rule.
    pub(super) role: Role,
    pub(super) now: UnixTime,
    pub(super) trace: &'j Trace,
}
