use core::error::Error;
use core::fmt;
use std::borrow::Cow;

use pki_types::UnixTime;

use super::withdrawal::Withdrawal;

/// The failure of a [`Source`](crate::Source) to publish a new revision.
///
/// The last good revision stays in force. `Display` says what failed and how often in a row; the
/// cause is its [`source`](Error::source), and [`Report`](crate::Report) writes all of it.
#[derive(Debug)]
pub struct ReloadFailure {
    pub(crate) occurred_at: UnixTime,
    pub(crate) consecutive: u64,
    pub(crate) origin: Option<String>,
    pub(crate) error: Box<dyn Error + Send + Sync>,
}

impl ReloadFailure {
    /// Returns the time of the failure, by the builder's clock.
    pub fn occurred_at(&self) -> UnixTime {
        self.occurred_at
    }

    /// Returns the number of consecutive failed attempts, including this one.
    pub fn consecutive(&self) -> u64 {
        self.consecutive
    }

    /// Returns the origin of the rejected material; `None` if the source itself failed, whose error
    /// names it.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// Returns whether the source answered that our identity was withdrawn.
    ///
    /// That differs from a source that fails or cannot be reached: see [`Withdrawal`].
    ///
    /// ```no_run
    /// # fn f(builder: mtls::ServerBuilder) {
    /// builder.observer(|event| match event {
    ///     mtls::Event::ReloadFailed(failure) if failure.is_withdrawal() => std::process::exit(1),
    ///     _ => {}
    /// });
    /// # }
    /// ```
    pub fn is_withdrawal(&self) -> bool {
        self.error.is::<Withdrawal>()
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        "mend the cause; the source is then loaded again, and until then the last good revision stays in force".into()
    }
}

impl fmt::Display for ReloadFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(origin) => write!(f, "the material from {origin} was rejected")?,
            None => f.write_str("the source did not load")?,
        }
        match self.consecutive {
            0 | 1 => Ok(()),
            attempts => write!(f, " ({attempts} attempts in a row)"),
        }
    }
}

impl Error for ReloadFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.error)
    }
}
