use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use mtls::config::ConfigError;
use mtls::error::{MaterialOrigin, UnusableTrustAnchor};
use mtls::event::HandshakeOutcome;
use mtls::material::IdentityWarning;
use mtls::{BuildError, HandshakeError, MaterialError, Rejection, Report};
use serde::Serialize;

use super::hint_text::{with_file, without_code};
use crate::arguments::quoted;

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
    /// What failed because of it, the widest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) context: Vec<String>,
    /// What led to it, the nearest cause first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) causes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) presented: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    /// Whether it is about the arguments.
    #[serde(skip)]
    pub(crate) is_usage: bool,
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
            context: Vec::new(),
            causes: Vec::new(),
            expected: None,
            presented: None,
            hint: None,
            is_usage: false,
        }
    }

    /// Creates a fault of the arguments.
    pub(crate) fn usage(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            is_usage: true,
            ..Self::fault(reason, message)
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

    /// Replaces the hint that a passphrase is missing by the one that says where it is given.
    pub(super) fn mend_hint(&mut self, passphrase_hint: &str) {
        let may_be_empty = self.reason == "passphrase_missing";
        if may_be_empty || self.reason == "encrypted_key" {
            let mut hint = passphrase_hint.to_owned();
            if may_be_empty {
                hint.push_str(
                    "; leave the file empty where the container was exported without one",
                );
            }
            self.hint = Some(hint);
        }
    }

    /// Describes an error: the innermost one of the library, since it knows the fault best.
    pub(crate) fn of_error(error: &(dyn Error + 'static)) -> Self {
        let chain = chain(error);
        let innermost = chain.iter().rposition(|error| word(*error).is_some());
        let position = innermost.unwrap_or_default();
        let (context, below) = chain.split_at(position);
        let (fact, causes) = below.split_first().unwrap_or((&error, &[]));
        let text = |error: &&(dyn Error + 'static)| error.to_string();
        let message = fact.to_string();
        // Standard input, or a part of a file that has a place already.
        let message = message.strip_prefix("given bytes: ").unwrap_or(&message);
        let mut finding = Self::fault(word(*fact).unwrap_or("other"), message);
        // That a source brought it says nothing to an operator.
        let is_of_use = |error: &&&(dyn Error + 'static)| {
            !matches!(error.downcast_ref(), Some(BuildError::Source(_)))
        };
        finding.context = context.iter().filter(is_of_use).map(text).collect();
        finding.causes = causes.iter().map(text).collect();
        finding.hint = Report::new(error).hint().map(|hint| without_code(&hint));
        if let Some(rejection) = fact.downcast_ref::<Rejection>() {
            finding.certificate = rejection.certificate().map(Into::into);
            finding.expected = rejection.expected().map(str::to_owned);
            finding.presented = rejection.presented().map(str::to_owned);
        }
        if let Some(material) = material(*fact) {
            finding.of_origin(material.origin());
        }
        finding
    }

    fn of_origin(&mut self, origin: &MaterialOrigin) {
        match origin {
            MaterialOrigin::Bytes => return,
            MaterialOrigin::DirectoryEntry(path) | MaterialOrigin::File(path) => {
                self.name_file("FILE", path);
            }
            MaterialOrigin::Pair { chain, key } => {
                self.name_file("CERT", chain);
                self.name_file("KEY", key);
            }
            _ => {}
        }
        self.place = Some(origin.to_string());
    }

    /// Puts a path in place of a word in the commands of the hint, unless it names their output.
    pub(crate) fn name_file(&mut self, word: &str, path: impl AsRef<Path>) {
        if let Some(hint) = &mut self.hint {
            *hint = with_file(hint, word, &quoted(path));
        }
    }

    /// Describes an error, for results that have seldom one.
    pub(crate) fn boxed(error: impl Error + 'static) -> Box<Self> {
        Box::new(Self::of_error(&error))
    }

    pub(crate) fn of_warning(warning: &IdentityWarning) -> Self {
        Self::warning(warning.as_str(), warning.to_string()).hint(without_code(&warning.hint()))
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

/// Returns an error and its causes, of which 16 count.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    const MAX_CAUSES: usize = 16;
    let mut chain = vec![error];
    let mut next = error.source();
    while let Some(cause) = next.take_if(|_| chain.len() < MAX_CAUSES) {
        chain.push(cause);
        next = cause.source();
    }
    chain
}

/// Returns the word for an error of the library; `None` for others.
fn word(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(rejection) = error.downcast_ref::<Rejection>() {
        return Some(rejection.reason().as_str());
    }
    if let Some(material) = material(error) {
        return Some(material.problem().as_str());
    }
    if let Some(anchor) = error.downcast_ref::<UnusableTrustAnchor>() {
        return Some(anchor.problem.as_str());
    }
    if let Some(config) = error.downcast_ref::<ConfigError>() {
        return Some(config.problem().as_str());
    }
    match error.downcast_ref::<BuildError>() {
        Some(BuildError::Configured { error, .. }) => return word(&**error),
        Some(error) => return Some(error.as_str()),
        None => {}
    }
    match error.downcast_ref()? {
        HandshakeError::RejectedByPeer { alert, .. } => Some(alert.as_str()),
        error => Some(HandshakeOutcome::Failed(error).as_str()),
    }
}

/// Returns an error of loading, which a file source shares between attempts.
fn material<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a MaterialError> {
    let shared = || error.downcast_ref::<Arc<MaterialError>>();
    error
        .downcast_ref()
        .or_else(|| shared().map(|error| &**error))
}
