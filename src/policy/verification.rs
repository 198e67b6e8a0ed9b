use core::time::Duration;

use pki_types::UnixTime;

use super::signature::{SignatureAlgorithms, VerifiedSignatures};
use super::verdict::explanation::Trace;
use super::verifier_policy::VerifierPolicy;
use crate::side::Side;

/// The inputs that every check of one verification shares.
pub(crate) struct VerificationContext<'j> {
    pub(crate) algorithms: &'j SignatureAlgorithms,
    /// Takes the signatures of the peer's that are verified.
    pub(crate) verified: &'j VerifiedSignatures,
    pub(crate) policy: &'j VerifierPolicy,
    /// The peer's trust domain, where each domain has its own anchors.
    pub(crate) trust_domain: Option<&'j str>,
    /// The side whose purpose the certificates must allow: usually the peer's.
    pub(crate) side: Side,
    pub(crate) time: VerificationTime,
    pub(crate) trace: &'j Trace,
}

/// The time of one verification, and how far a peer's clock may be ahead of ours.
///
/// The tolerance holds for the begin of a validity alone: what has ended stays ended.
#[derive(Clone, Copy)]
pub(crate) struct VerificationTime {
    pub(crate) now: UnixTime,
    skew: Duration,
}

impl VerificationTime {
    pub(crate) fn new(now: UnixTime, skew: Duration) -> Self {
        Self { now, skew }
    }

    /// Returns whether something that begins then has not begun.
    pub(crate) fn is_before(self, begin: UnixTime) -> bool {
        self.latest_begin() < begin
    }

    /// Returns whether something that ends then has ended.
    pub(crate) fn is_after(self, end: UnixTime) -> bool {
        self.now > end
    }

    pub(crate) fn is_within(self, begin: UnixTime, end: UnixTime) -> bool {
        !self.is_before(begin) && !self.is_after(end)
    }

    /// Returns whether something that begins then has begun by the tolerance alone.
    pub(crate) fn is_tolerated(self, begin: UnixTime) -> bool {
        self.now < begin && !self.is_before(begin)
    }

    fn latest_begin(self) -> UnixTime {
        let seconds = self.now.as_secs().saturating_add(self.skew.as_secs());
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }
}
