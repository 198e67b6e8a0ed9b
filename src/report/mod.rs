use core::error::Error;
use core::fmt;
use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use crate::backend::{self, HandshakeError};
use crate::error::{
    KeyExportError, ListReplacementProblem, MatcherError, MatcherProblem, MaterialError,
    MaterialProblem, PatternProblem, ReloadFailure, RetiredError, RevocationListRegression,
    RotationError, SettingProblem, SigningFault, SpiffeIdError, TrustAnchorProblem,
    TrustBundlesError, UnknownName, UnreadableTrustAnchor, UnusableTrustAnchor, Withdrawal,
};
use crate::integration;
use crate::policy::{BuildError, Rejection};

#[cfg(all(test, feature = "config", feature = "http"))]
#[cfg(all(test, feature = "spiffe", feature = "tokio"))]
mod texts;

/// A printable error, with its causes and its hint on lines of their own.
///
/// The first line is the error itself, then comes one line for each [source](Error::source), and
/// last `hint: ..`, which is the [`hint`](Self::hint) of the innermost error that has one.
///
/// ```
/// use mtls::{MtlsIdentity, Report};
///
/// let error = MtlsIdentity::from_file("missing.pem").unwrap_err();
/// let report = Report::new(&error);
/// assert!(report.to_string().starts_with("missing.pem: "), "{report}");
/// println!("{report}\n{:?}", report.hint());
/// ```
///
/// An observer has a reference to the reference that an event holds: `Report::new(*failure)`.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a>(&'a (dyn Error + 'static));

impl<'a> Report<'a> {
    /// The most causes that are shown.
    const MAX_CAUSES: usize = 16;

    /// Creates a report of an error.
    pub fn new(error: &'a (dyn Error + 'static)) -> Self {
        Self(error)
    }

    /// Returns what to do about the error.
    ///
    /// The innermost error of this crate among the error and its causes gives it, because that one
    /// knows the fault best. An error of rustls has the hint of its reason or alert, for libraries
    /// that were given a configuration. `None` if none of them is such an error.
    pub fn hint(&self) -> Option<Cow<'a, str>> {
        core::iter::once(self.0)
            .chain(self.causes())
            .filter_map(hint_of)
            .last()
    }

    fn causes(self) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
        let mut next = self.0.source();
        let causes = core::iter::from_fn(move || {
            let cause = next?;
            next = cause.source();
            Some(cause)
        });
        causes.take(Self::MAX_CAUSES)
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        for cause in self.causes() {
            write!(f, "\n  {cause}")?;
        }
        match self.hint() {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Returns the hint of one error, without its causes.
fn hint_of<'a>(error: &'a (dyn Error + 'static)) -> Option<Cow<'a, str>> {
    // The source of an `io::Error` skips the error that it wraps.
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return hint_of(error.get_ref()?);
    }
    // So does that of a shared error, as redis has it.
    if let Some(error) = error.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return hint_of(&**error);
    }
    /// Tries each type in turn.
    macro_rules! hint {
        ($($type:ty),+ $(,)?) => {
            None$(.or_else(|| Some(error.downcast_ref::<$type>()?.hint())))+
        };
    }
    hint!(
        BuildError,
        HandshakeError,
        KeyExportError,
        ListReplacementProblem,
        // A file source shares its error between attempts.
        Arc<MaterialError>,
        MaterialError,
        MaterialProblem,
        MatcherError,
        MatcherProblem,
        PatternProblem,
        Rejection,
        ReloadFailure,
        RetiredError,
        RevocationListRegression,
        RotationError,
        SettingProblem,
        SigningFault,
        SpiffeIdError,
        TrustAnchorProblem,
        TrustBundlesError,
        UnknownName,
        UnreadableTrustAnchor,
        UnusableTrustAnchor,
        Withdrawal,
    )
    .or_else(|| backend::hint_of(error))
    .or_else(|| integration::hint_of(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Alert;
    use crate::policy::RejectionReason;

    #[test]
    fn a_report_has_the_fact_the_causes_and_the_hint() {
        let rejection = Rejection::new(RejectionReason::NoCertificate);
        let (fact, hint) = (rejection.to_string(), rejection.hint().into_owned());
        let error = HandshakeError::Rejected(rejection);
        let report = Report::new(&error).to_string();
        assert_eq!(report, format!("{error}\n  {fact}\nhint: {hint}"));
    }

    #[test]
    fn the_hint_of_a_wrapped_error_is_shown() {
        let error = io::Error::other(HandshakeError::by_peer(Alert::UNKNOWN_CA));
        let report = Report::new(&error);
        assert_eq!(report.hint().unwrap(), Alert::UNKNOWN_CA.hint());
    }

    #[test]
    fn the_hint_of_a_shared_error_is_shown() {
        #[derive(Debug, thiserror::Error)]
        #[error("a library failed")]
        struct Library(#[source] Arc<dyn Error + Send + Sync>);

        let error = io::Error::other(HandshakeError::by_peer(Alert::UNKNOWN_CA));
        let error = Library(Arc::new(error));
        assert_eq!(
            Report::new(&error).hint().unwrap(),
            Alert::UNKNOWN_CA.hint()
        );
    }

    #[test]
    fn a_foreign_error_has_no_hint() {
        let error = io::Error::other("gone");
        assert_eq!(Report::new(&error).to_string(), "gone");
    }
}
