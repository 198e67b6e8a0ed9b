use http::{Extensions, Request, Response};

use crate::connection::ConnectionHandle;
use crate::peer::PeerIdentity;

/// The peer of a request that [`serve`](fn@super::serve) received, or of a response to
/// [`Client`](super::Client).
///
/// ```
/// use hyper::{Request, Response};
/// use mtls::hyper::MessageExt;
///
/// async fn hello(request: Request<hyper::body::Incoming>) -> Response<String> {
///     match request.peer_identity() {
///         Some(peer) => Response::new(format!("hello {peer}")),
///         None => Response::new("hello".into()),
///     }
/// }
/// # assert!(Request::new(()).connection().is_none());
/// ```
pub trait MessageExt {
    /// Returns the peer of the connection; `None` for an anonymous client.
    fn peer_identity(&self) -> Option<&PeerIdentity> {
        self.connection()?.peer()
    }

    /// Returns the handle of the connection, if it is one of this crate's.
    fn connection(&self) -> Option<&ConnectionHandle>;
}

impl<T> MessageExt for Request<T> {
    fn connection(&self) -> Option<&ConnectionHandle> {
        find(self.extensions())
    }
}

impl<T> MessageExt for Response<T> {
    fn connection(&self) -> Option<&ConnectionHandle> {
        find(self.extensions())
    }
}

fn find(extensions: &Extensions) -> Option<&ConnectionHandle> {
    extensions.get()
}
