use std::error::Error;
use std::{fmt, io};

use crate::support::Result;

/// The error of a server that closed the connection instead of answering.
///
/// Some servers, such as node, do that to a client whose certificate they reject, and send no
/// alert.
#[derive(Debug)]
pub(crate) struct HungUp(Box<dyn Error + Send + Sync>);

impl HungUp {
    /// Marks an error of this kind, which may be a rejection.
    pub(crate) fn explain<T>(result: Result<T>) -> Result<T> {
        result.map_err(|error| {
            if is_hang_up(error.as_ref()) {
                Self(error).into()
            } else {
                error
            }
        })
    }
}

impl fmt::Display for HungUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the server hung up; it may have rejected our certificate without an alert, and its log has the reason",
        )
    }
}

impl Error for HungUp {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.0.as_ref())
    }
}

fn is_hang_up(error: &(dyn Error + 'static)) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    if let Some(error) = error.downcast_ref::<hyper::Error>()
        && error.is_incomplete_message()
    {
        return true;
    }
    match error.downcast_ref::<io::Error>() {
        Some(error) => matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof),
        None => error.source().is_some_and(is_hang_up),
    }
}
