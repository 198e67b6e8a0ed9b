use std::borrow::Cow;

use crate::error::UnusableTrustAnchor;
use crate::error::anchor::REPLACE_ANCHOR;

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
