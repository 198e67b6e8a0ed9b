use core::error::Error;
use core::fmt;

use crate::backend::HandshakeError;
use crate::policy::Rejection;

/// Displays an error with its causes and its hint, each on a line of its own.
///
/// The first line is the error itself, then comes one line for each [source](Error::source), and
/// last `hint: ..`, if a [`Rejection`] is among them: see [`Rejection::hint`].
///
/// ```
/// use mtls::{MtlsIdentity, Report};
///
/// let error = MtlsIdentity::from_file("missing.pem").unwrap_err();
/// let report = Report::new(&error).to_string();
/// assert!(report.starts_with("missing.pem: "), "{report}");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Report<'a>(&'a (dyn Error + 'static));

impl<'a> Report<'a> {
    /// The most causes that are shown.
    const MAX_CAUSES: usize = 16;

    /// Creates a report of an error.
    pub fn new(error: &'a (dyn Error + 'static)) -> Self {
        Self(error)
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
        let mut all = core::iter::once(self.0).chain(self.causes());
        match all.find_map(hint) {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

fn hint<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a str> {
    let of_handshake = || error.downcast_ref::<HandshakeError>()?.rejection();
    let rejection = error.downcast_ref::<Rejection>().or_else(of_handshake)?;
    Some(rejection.hint())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::RejectionReason;

    #[test]
    fn a_report_has_the_fact_the_causes_and_the_hint() {
        let rejection = Rejection::new(RejectionReason::NoCertificate);
        let (fact, hint) = (rejection.to_string(), rejection.hint().to_owned());
        let error = HandshakeError::Rejected(rejection);
        let report = Report::new(&error).to_string();
        assert_eq!(report, format!("{error}\n  {fact}\nhint: {hint}"));
    }

    #[test]
    fn without_a_rejection_there_is_no_hint() {
        let error = HandshakeError::Io(std::io::Error::other("gone"));
        let report = Report::new(&error).to_string();
        assert_eq!(report, format!("{error}\n  gone"));
    }
}
