use std::borrow::Cow;

/// The error of a stream that this side has closed because its identity or trust changed.
///
/// An [`io::Error`](std::io::Error) of the kind `ConnectionAborted` wraps it, after the time of
/// [`retire_connections`](crate::ServerBuilder::retire_connections).
///
/// ```
/// # fn f(error: std::io::Error) {
/// use mtls::error::RetiredError;
///
/// let retired = error.get_ref().and_then(|inner| inner.downcast_ref::<RetiredError>());
/// if let Some(retired) = retired {
///     println!("replaced by revision {}: {}", retired.revision, retired.hint());
/// }
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("this side has retired the connection: its identity or trust changed")]
pub struct RetiredError {
    /// The number of the revision that changed it.
    pub revision: u64,
}

impl RetiredError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed("connect again, and end a connection when its handle reports the retirement")
    }
}
