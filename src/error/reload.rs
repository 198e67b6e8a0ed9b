use core::error::Error;
use core::fmt;

use pki_types::UnixTime;

/// The failure of a [`Source`](crate::Source) to publish a new revision.
///
/// The last good revision stays in force. `Display` writes one line with all causes.
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
}

impl fmt::Display for ReloadFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the last good revision serves on: ")?;
        if let Some(origin) = &self.origin {
            write!(f, "what came from {origin} was refused: ")?;
        }
        write!(f, "{}", self.error)?;
        let mut below = self.error.source();
        while let Some(cause) = below {
            write!(f, ": {cause}")?;
            below = cause.source();
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
