use std::borrow::Cow;

use crate::error::anchor::REPLACE_ANCHOR;
use crate::error::{TrustAnchorProblem, UnusableTrustAnchor};
use crate::x509::rfc3339;

/// The most anchors in a hint.
const MAX_SHOWN: usize = 4;

/// Returns the hints of the first anchors, each with its anchor unless all hints are equal.
pub(super) fn anchors_hint(anchors: &[UnusableTrustAnchor]) -> Cow<'_, str> {
    let Some(first) = anchors.first() else {
        return Cow::Borrowed(REPLACE_ANCHOR);
    };
    if anchors.iter().all(|anchor| anchor.hint() == first.hint()) {
        return first.hint();
    }
    let shown = anchors.iter().take(MAX_SHOWN);
    let shown = shown.map(|anchor| format!("{anchor}: {}", anchor.hint()));
    let mut hints = shown.collect::<Vec<_>>().join("; ");
    if let Some(more @ 1..) = anchors.len().checked_sub(MAX_SHOWN) {
        hints.push_str(&format!("; and {more} more"));
    }
    hints.into()
}

/// Says of the first anchors when each has expired, or begins to be valid.
pub(super) fn dates_of(anchors: &[UnusableTrustAnchor]) -> String {
    let of_one = |anchor: &UnusableTrustAnchor| match anchor.problem {
        TrustAnchorProblem::OutsideValidity { not_before, at, .. } if at < not_before => {
            format!("{} is valid from {}", anchor.subject, rfc3339(not_before))
        }
        TrustAnchorProblem::OutsideValidity { not_after, .. } => {
            format!("{} expired at {}", anchor.subject, rfc3339(not_after))
        }
        _ => anchor.to_string(),
    };
    let mut dates: Vec<_> = anchors.iter().take(MAX_SHOWN).map(of_one).collect();
    if let Some(more @ 1..) = anchors.len().checked_sub(MAX_SHOWN) {
        dates.push(format!("and {more} more"));
    }
    if dates.is_empty() {
        return String::new();
    }
    format!(": {}", dates.join(", "))
}
