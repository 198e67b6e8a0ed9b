use core::fmt;
use std::borrow::Cow;

/// A trust anchor that cannot authenticate peers, and the reason.
///
/// It is an [`Event::UnusableTrustAnchor`](crate::Event::UnusableTrustAnchor) while another anchor
/// is usable. If none is, building returns
/// [`BuildError::UnusableTrustAnchors`](crate::BuildError::UnusableTrustAnchors).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnusableTrustAnchor {
    /// The position among the anchors, from 0; in a trust bundle, among those of its trust domain.
    pub index: usize,
    /// The trust domain of its bundle; `None` if the anchors were given without bundles.
    pub trust_domain: Option<String>,
    /// The subject (RFC 4514).
    pub subject: String,
    /// The fault of the anchor.
    pub problem: String,
    pub(crate) hint: Cow<'static, str>,
}

impl UnusableTrustAnchor {
    /// Returns how to fix it.
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

impl fmt::Display for UnusableTrustAnchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "trust anchor {} ({}", self.index, self.subject)?;
        if let Some(domain) = &self.trust_domain {
            write!(f, ", of the trust domain {domain}")?;
        }
        write!(f, ") cannot vouch for peers: {}", self.problem)
    }
}

/// The maximum number of anchors in a message.
const SHOWN: usize = 4;

pub(super) fn list(anchors: &[UnusableTrustAnchor]) -> String {
    let shown = anchors
        .iter()
        .take(SHOWN)
        .map(|anchor| format!("{anchor}; {}", anchor.hint));
    let mut words = shown.collect::<Vec<_>>().join("; ");
    if let Some(more @ 1..) = anchors.len().checked_sub(SHOWN) {
        words.push_str(&format!("; and {more} more"));
    }
    words
}
