use core::error::Error;
use std::borrow::Cow;

/// The error of a [`Source`](crate::Source) that answers that we have no identity any more.
///
/// It is an answer, unlike a source that cannot be reached: the identity that serves was withdrawn.
/// [`OnWithdrawal`](crate::rotation::OnWithdrawal) decides what happens then. A source returns it
/// from `load`; `SpiffeSource` does when the agent issues no identity, or not
/// the chosen one.
///
/// ```
/// use mtls::error::Withdrawal;
/// use mtls::rotation::SourceError;
///
/// let error: SourceError = Withdrawal::new("the role `web` was deleted").into();
/// assert!(error.is::<Withdrawal>());
/// ```
#[derive(Debug, thiserror::Error)]
#[error("the source has no identity for us")]
pub struct Withdrawal {
    #[source]
    cause: Box<dyn Error + Send + Sync>,
}

impl Withdrawal {
    /// Creates the error with its cause: what the source answered.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            cause: cause.into(),
        }
    }

    /// Returns the cause.
    ///
    /// ```
    /// use mtls::error::Withdrawal;
    /// let error = Withdrawal::new("the role `web` was deleted");
    /// assert_eq!(error.into_cause().to_string(), "the role `web` was deleted");
    /// ```
    pub fn into_cause(self) -> Box<dyn Error + Send + Sync> {
        self.cause
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        "have the source issue an identity to this process again, or end the process".into()
    }
}
