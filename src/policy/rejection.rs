use core::fmt;
use std::borrow::Cow;

use super::alert::Alert;
use super::reason::RejectionReason;
use crate::error::BackendKind;
use crate::x509::{Certificate, rfc4514};

pub(crate) use crate::x509::rfc3339;

/// Why a peer was refused: a reason for programs, and for people the certificate, the values and what to do.
///
/// ```no_run
/// # fn f(rejection: &mtls::Rejection) {
/// eprintln!("refused: {rejection}\nhint: {}", rejection.hint());
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    reason: RejectionReason,
    certificate: Option<(usize, String)>,
    expected: Option<String>,
    presented: Option<String>,
    hint: Cow<'static, str>,
}

impl Rejection {
    /// A refusal for `reason`, with the hint that goes with it.
    pub(crate) fn new(reason: RejectionReason) -> Self {
        Self(Box::new(Inner {
            reason,
            certificate: None,
            expected: None,
            presented: None,
            hint: Cow::Borrowed(reason.hint()),
        }))
    }

    pub(crate) fn about(mut self, index: usize, certificate: &Certificate<'_>) -> Self {
        self.0.certificate = Some((index, rfc4514(certificate.subject)));
        self
    }

    pub(crate) fn with_expected(mut self, expected: impl Into<String>) -> Self {
        self.0.expected = Some(expected.into());
        self
    }

    pub(crate) fn with_presented(mut self, presented: impl Into<String>) -> Self {
        self.0.presented = Some(presented.into());
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = hint.into();
        self
    }

    /// The reason, to match on.
    pub fn reason(&self) -> RejectionReason {
        self.0.reason
    }

    /// Which of the presented certificates it is about (0 is the leaf), and its subject (RFC 4514).
    pub fn certificate(&self) -> Option<(usize, &str)> {
        self.0.certificate.as_ref().map(|(i, s)| (*i, s.as_str()))
    }

    /// What would have been accepted.
    pub fn expected(&self) -> Option<&str> {
        self.0.expected.as_deref()
    }

    /// What was there instead.
    pub fn presented(&self) -> Option<&str> {
        self.0.presented.as_deref()
    }

    /// What is wrong, without the certificate that it is wrong with.
    pub(super) fn values(&self) -> String {
        let words = self.0.reason.words();
        match self.expected_and_presented() {
            Some(values) => format!("{words}: {values}"),
            None => words.to_owned(),
        }
    }

    fn expected_and_presented(&self) -> Option<String> {
        match (self.expected(), self.presented()) {
            (Some(expected), Some(presented)) => {
                Some(format!("expected {expected}, presented {presented}"))
            }
            (Some(expected), None) => Some(format!("expected {expected}")),
            (None, Some(presented)) => Some(presented.to_owned()),
            (None, None) => None,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &str {
        &self.0.hint
    }

    /// The alert that the peer is sent; `None` on native-tls, which judges after the handshake.
    pub fn alert(&self, backend: BackendKind) -> Option<Alert> {
        self.0.reason.alert(backend)
    }
}

impl core::error::Error for Rejection {}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.reason.words())?;
        if let Some((index, subject)) = self.certificate() {
            write!(f, ": certificate {index} ({subject})")?;
        }
        match self.expected_and_presented() {
            Some(values) => write!(f, ": {values}"),
            None => Ok(()),
        }
    }
}
