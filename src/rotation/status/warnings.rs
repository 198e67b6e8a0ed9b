//! What the observer receives about a revision as a whole, once it is published.

use std::sync::Arc;

use crate::backend::{Event, SessionVerifier};
use crate::error::UnusableTrustAnchor;
use crate::material::IdentityWarning;
use crate::policy::BuildError;

/// What works in a revision but should be corrected.
pub(crate) struct RevisionWarnings {
    pub(crate) identity: Vec<IdentityWarning>,
    pub(crate) anchors: Vec<UnusableTrustAnchor>,
    /// The `danger_` settings of the policy that the revision before did not have.
    pub(crate) relaxed: Vec<&'static str>,
}

impl RevisionWarnings {
    pub(crate) fn report(&self, verifier: &SessionVerifier) {
        for warning in &self.identity {
            verifier.notify(&Event::IdentityWarning(warning));
        }
        for anchor in &self.anchors {
            verifier.notify(&Event::UnusableTrustAnchor(anchor));
        }
        for setting in &self.relaxed {
            verifier.notify(&Event::RuleRelaxed { setting });
        }
    }
}

pub(crate) fn report_unclaimed_lists(verifier: &SessionVerifier) {
    for list in verifier.unclaimed_lists() {
        verifier.notify(&Event::UnclaimedRevocationList(&list));
    }
}

/// Returns the trust anchors that cannot prove peers now, or ever.
pub(crate) fn unusable_anchors(verifier: &SessionVerifier) -> Arc<[UnusableTrustAnchor]> {
    match verifier.unusable_trust_anchors(verifier.now_unless_panicked()) {
        Ok(unusable) | Err(BuildError::UnusableTrustAnchors(unusable)) => unusable.into(),
        Err(_) => Arc::default(),
    }
}
