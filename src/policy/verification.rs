use pki_types::UnixTime;

use super::algorithms::SignatureAlgorithms;
use super::verdict::explanation::Trace;
use super::verifier_policy::VerifierPolicy;
use crate::side::Side;

/// The inputs that every check of one verification shares.
pub(crate) struct VerificationContext<'j> {
    pub(crate) algorithms: &'j SignatureAlgorithms,
    pub(crate) policy: &'j VerifierPolicy,
    /// The peer's trust domain, where each domain has its own anchors.
    pub(crate) trust_domain: Option<&'j str>,
    /// The side whose purpose the certificates must allow: usually the peer's.
    pub(crate) side: Side,
    pub(crate) now: UnixTime,
    pub(crate) trace: &'j Trace,
}
