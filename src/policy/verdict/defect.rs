//! A rule that a certificate breaks, not yet tied to a position in the chain.

use std::borrow::Cow;

use super::reason::RejectionReason;
use super::rejection::Rejection;
use crate::x509::{Certificate, X509Error};

/// A rule that a certificate breaks.
#[derive(Clone, Debug)]
pub(crate) struct Defect {
    pub(crate) reason: RejectionReason,
    pub(crate) expected: Cow<'static, str>,
    pub(crate) presented: String,
    /// What to do about it.
    pub(crate) hint: &'static str,
}

impl Defect {
    pub(crate) fn new(
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

    /// Returns the rejection of the presented certificate that has the defect.
    pub(crate) fn of(self, index: usize, certificate: &Certificate<'_>) -> Rejection {
        Rejection::new(self.reason)
            .about(index, certificate)
            .with_expected(self.expected)
            .with_presented(self.presented)
            .with_hint(self.hint)
    }
}

/// The position of a certificate in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathPosition {
    Leaf,
    Issuer,
    Anchor,
}

pub(crate) fn unreadable(
    index: usize,
    certificate: &Certificate<'_>,
    error: &X509Error,
) -> Rejection {
    Rejection::new(RejectionReason::MalformedCertificate)
        .about(index, certificate)
        .with_presented(error.to_string())
}

pub(crate) fn without_key() -> Defect {
    Defect::new(
        RejectionReason::MissingKeyIdentifier,
        "an authorityKeyIdentifier with a keyIdentifier",
        "issuer and serial number alone",
        "reissue the certificate with `authorityKeyIdentifier = keyid`; or accept it by the profile `interoperable` (in code: `CertificateProfile::Interoperable`)",
    )
}
