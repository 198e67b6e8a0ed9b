use core::error::Error;
use core::fmt;
use std::borrow::Cow;
use std::sync::Arc;

use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::Connected;

use crate::backend::HandshakeError;
use crate::connection::ConnectionHandle;

/// The reason why a request failed.
///
/// If the server rejected us, or we rejected the server, its source is that
/// [`HandshakeError`], also where HTTP/2 has lost it: `HandshakeError::find`
/// finds it. Otherwise the source is the library's error.
///
/// ```no_run
/// # async fn f(client: mtls::hyper::Client<http_body_util::Empty<hyper::body::Bytes>>)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::{HandshakeError, Report};
///
/// let request = hyper::Request::get("https://api.internal/").body(Default::default())?;
/// if let Err(error) = client.request(request).await {
///     eprintln!("{}", Report::new(&error));
///     if let Some(HandshakeError::RejectedByPeer { alert, .. }) = HandshakeError::find(&error) {
///         eprintln!("rejected with {alert}; the library says: {}", error.library_error());
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ConnectionError {
    /// What HTTP/2 has lost.
    rejection: Option<Arc<HandshakeError>>,
    library: legacy::Error,
}

impl ConnectionError {
    /// `rejection` is one that is not among the causes of the library's error.
    pub(super) fn new(library: legacy::Error, rejection: Option<Arc<HandshakeError>>) -> Self {
        Self { rejection, library }
    }

    /// Whether either side rejected the other, so that sending again is in vain.
    pub(super) fn is_rejection(&self) -> bool {
        use HandshakeError::{Rejected, RejectedByPeer};
        matches!(
            HandshakeError::find(self),
            Some(Rejected(_) | RejectedByPeer { .. })
        )
    }

    /// Returns the error of hyper-util's client.
    pub fn library_error(&self) -> &legacy::Error {
        &self.library
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        match HandshakeError::find(self) {
            Some(error) => error.hint(),
            None => "check that the server is reachable and speaks this HTTP version".into(),
        }
    }
}

/// Returns the rejection of the connection that a request failed on.
pub(super) fn rejection_of(connected: &Connected) -> Option<Arc<HandshakeError>> {
    let mut extensions = http::Extensions::new();
    connected.get_extras(&mut extensions);
    extensions.get::<ConnectionHandle>()?.rejection_error()
}

impl fmt::Display for ConnectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the HTTP request failed")
    }
}

impl Error for ConnectionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.rejection {
            Some(rejection) => Some(&**rejection),
            None => Some(&self.library),
        }
    }
}
