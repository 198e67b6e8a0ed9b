//! What the observer receives about a revision as a whole, once it is published.

use crate::backend::{Event, Judge};
use crate::error::UnusableTrustAnchor;
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
