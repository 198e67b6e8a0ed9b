use tokio::io::{AsyncRead, AsyncWrite};
use tonic::transport::server::Connected;
use tonic::{Request, Status};

use crate::backend::Backend;
use crate::connection::ConnectionHandle;
use crate::integration::tokio::AsyncMtlsStream;
use crate::peer::PeerIdentity;
use crate::policy::matcher::PeerMatcher;

/// Puts the [`ConnectionHandle`] into the extensions of each call.
impl<IO, P, B> Connected for AsyncMtlsStream<IO, P, B>
where
    IO: AsyncRead + AsyncWrite + Send + Unpin,
    B: Backend,
{
    type ConnectInfo = ConnectionHandle;

    fn connect_info(&self) -> ConnectionHandle {
        self.connection().clone()
    }
}

/// The peer of a call, on a server.
///
/// ```
/// use mtls::tonic::RequestExt;
/// use tonic::{Request, Response, Status};
///
/// async fn say_hello(request: Request<String>) -> Result<Response<String>, Status> {
///     let peer = request.peer_identity().ok_or(Status::unauthenticated("no certificate"))?;
///     let from = request.connection().and_then(|connection| connection.remote_addr());
///     Ok(Response::new(format!("hello {peer} from {from:?}")))
/// }
/// ```
pub trait RequestExt {
    /// Returns the peer of the connection; `None` for an anonymous client.
    fn peer_identity(&self) -> Option<&PeerIdentity> {
        self.connection()?.peer()
    }

    /// Returns the handle of the connection, if it is one of this crate's.
    fn connection(&self) -> Option<&ConnectionHandle>;
}

impl<T> RequestExt for Request<T> {
    fn connection(&self) -> Option<&ConnectionHandle> {
        self.extensions().get()
    }
}

/// Makes an interceptor that lets only some peers call a service.
///
/// It answers `PERMISSION_DENIED` unless the matcher matches the peer and the revision in force
/// accepts it ([`ConnectionHandle::verify_now`]).
///
/// ```no_run
/// # use tonic::service::{Interceptor, interceptor::InterceptedService};
/// # fn f<S>(greeter: S) -> Result<InterceptedService<S, impl Interceptor>, mtls::error::MatcherError> {
/// use mtls::PeerMatcher;
///
/// let admin = PeerMatcher::spiffe_id("spiffe://prod.example/admin")?;
/// let service = InterceptedService::new(greeter, mtls::tonic::require_peer(admin));
/// # Ok(service)
/// # }
/// ```
pub fn require_peer(
    matcher: PeerMatcher,
) -> impl Fn(Request<()>) -> Result<Request<()>, Status> + Clone {
    move |request| {
        let is_accepted = request.connection().is_some_and(|connection| {
            let peer = connection.peer();
            peer.is_some_and(|peer| matcher.matches(peer)) && connection.verify_now().is_ok()
        });
        if is_accepted {
            Ok(request)
        } else {
            Err(Status::permission_denied(
                "this peer may not call the service",
            ))
        }
    }
}
