use pki_types::UnixTime;

use super::algorithms::SignatureAlgorithms;
use super::verdict::explanation::Trace;
use super::verifier_policy::VerifierPolicy;
use crate::side::Side;

/// What every check of one verification has at hand.
pub(crate) struct VerificationContext<'j> {
    pub(crate) algorithms: &'j SignatureAlgorithms,
    pub(crate) policy: &'j VerifierPolicy,
    /// The peer's trust domain, where each domain has its own anchors.
    pub(crate) trust_domain: Option<&'j str>,
    /// The side whose purpose the certificates must allow: the peer's, as a rule.
    pub(crate) side: Side,
    pub(crate) now: UnixTime,
    pub(crate) trace: &'j Trace,
}
