//! A rule that a certificate breaks, before it is said of which.

use std::borrow::Cow;

use super::reason::RejectionReason;
use super::rejection::Rejection;
use crate::x509::Certificate;

/// A rule that a certificate breaks.
#[derive(Clone, Debug)]
pub(super) struct Flaw {
    pub(super) reason: RejectionReason,
    pub(super) expected: Cow<'static, str>,
    pub(super) presented: String,
    /// What to do about this one.
    pub(super) hint: &'static str,
}

impl Flaw {
    pub(super) fn new(
        reason: RejectionReason,
        expected: impl Into<Cow<'static, str>>,
        presented: impl Into<String>,
        hint: &'static str,
    ) -> Self {
        Self {
            reason,
            expected: expected.into(),
            presented: presented.into(),
            hint,
        }
    }

    /// The rejection of the presented certificate that has the flaw.
    pub(super) fn of(self, index: usize, certificate: &Certificate<'_>) -> Rejection {
        Rejection::new(self.reason)
            .about(index, certificate)
            .with_expected(self.expected)
            .with_presented(self.presented)
            .with_hint(self.hint)
    }
}

/// Where a certificate stands in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Leaf,
    Issuer,
    Anchor,
}
