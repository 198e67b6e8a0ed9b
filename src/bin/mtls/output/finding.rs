use std::error::Error;

use mtls::error::MaterialOrigin;
use mtls::material::IdentityWarning;
use mtls::{BuildError, HandshakeError, MaterialError, Rejection, Report};
use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Severity {
    /// It makes the command fail.
    Fault,
    /// It should be fixed.
    Warning,
    /// It is good to know.
    Note,
}

/// One thing that a command found, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    /// A word that never changes, for scripts.
    pub(crate) reason: &'static str,
    /// The file, or another place, that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) certificate: Option<CertificatePlace>,
    pub(crate) message: String,
    /// What led to it, the nearest cause first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) causes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) presented: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
}

/// A certificate of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct CertificatePlace {
    /// Its position, the leaf being 0.
    pub(crate) index: usize,
    pub(crate) subject: String,
}

impl Finding {
    pub(crate) fn new(
        severity: Severity,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            reason,
            place: None,
            certificate: None,
            message: message.into(),
            causes: Vec::new(),
            expected: None,
            presented: None,
            hint: None,
        }
    }

    pub(crate) fn fault(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Fault, reason, message)
    }

    pub(crate) fn warning(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, reason, message)
    }

    pub(crate) fn note(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, reason, message)
    }

    pub(crate) fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Describes an error with its causes and its hint.
    pub(crate) fn of_error(error: &(dyn Error + 'static)) -> Self {
        let mut finding = Self::fault(reason_of(error), error.to_string());
        let mut next = error.source();
        while let Some(cause) = next {
            // Causes are never in a circle, and a chain of them is short.
            finding.causes.push(cause.to_string());
            next = cause.source();
        }
        finding.hint = Report::new(error).hint().map(|hint| hint.into_owned());
        if let Some(rejection) = find::<Rejection>(error) {
            finding.certificate = rejection.certificate().map(Into::into);
            finding.expected = rejection.expected().map(str::to_owned);
            finding.presented = rejection.presented().map(str::to_owned);
        }
        if let Some(material) = find::<MaterialError>(error)
            && *material.origin() != MaterialOrigin::Bytes
        {
            finding.place = Some(material.origin().to_string());
        }
        finding
    }

    pub(crate) fn of_warning(warning: &IdentityWarning) -> Self {
        Self::warning("identity_warning", warning.to_string()).hint(warning.hint())
    }
}

impl From<&Rejection> for Finding {
    fn from(rejection: &Rejection) -> Self {
        Self::of_error(rejection)
    }
}

impl From<(usize, &str)> for CertificatePlace {
    fn from((index, subject): (usize, &str)) -> Self {
        Self {
            index,
            subject: subject.to_owned(),
        }
    }
}

/// Returns the first error of this type among an error and its causes.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// Returns the word for an error.
fn reason_of(error: &(dyn Error + 'static)) -> &'static str {
    if let Some(rejection) = find::<Rejection>(error) {
        return rejection.reason().as_str();
    }
    if let Some(HandshakeError::RejectedByPeer { alert, .. }) = find(error) {
        return alert.as_str();
    }
    if find::<MaterialError>(error).is_some() {
        return "material";
    }
    if find::<BuildError>(error).is_some() {
        return "configuration";
    }
    "other"
}
