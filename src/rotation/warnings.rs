//! What the observer receives about a revision as a whole, once it is published.

use std::sync::Arc;

use crate::backend::{Event, Judge};
use crate::error::{BuildError, UnusableTrustAnchor};
use crate::material::IdentityWarning;

/// What works in a revision and should be mended.
pub(super) struct RevisionWarnings {
    pub(super) identity: Vec<IdentityWarning>,
    pub(super) anchors: Vec<UnusableTrustAnchor>,
}

impl RevisionWarnings {
    pub(super) fn tell(&self, judge: &Judge) {
        for warning in &self.identity {
            judge.tell(&Event::IdentityWarning(warning));
        }
        for anchor in &self.anchors {
            judge.tell(&Event::UnusableTrustAnchor(anchor));
        }
    }
}

pub(super) fn tell_unclaimed_lists(judge: &Judge) {
    for list in judge.unclaimed_lists() {
        judge.tell(&Event::UnclaimedRevocationList(&list));
    }
}

/// The trust anchors that cannot vouch now, or ever.
pub(super) fn unusable_anchors(judge: &Judge) -> Arc<[UnusableTrustAnchor]> {
    match judge.unusable_trust_anchors(judge.now_unless_panicked()) {
        Ok(unusable) | Err(BuildError::UnusableTrustAnchors(unusable)) => unusable.into(),
        Err(_) => Arc::default(),
    }
}
