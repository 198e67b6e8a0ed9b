//! tower: a layer that lets only some peers reach a route.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};

use ::http::{Request, Response, StatusCode};
use tower_layer::Layer;
use tower_service::Service;

use crate::connection::ConnectionHandle;
use crate::policy::matcher::PeerMatcher;

/// A layer that answers 403 unless the matcher matches the peer and its connection is accepted now.
///
/// The peer is that of the [`ConnectionHandle`] in the request's extensions, where
/// `mtls::hyper::serve` puts it, or of axum's `ConnectInfo`. Without a handle, and for an anonymous
/// client, the answer is 403 (RFC 9110, section 15.5.4). The peer is verified again for each
/// request by the revision in force ([`ConnectionHandle::verify_now`]), so that a peer that was
/// revoked on an open connection is shut out at once.
///
/// ```no_run
/// # fn f() -> Result<(), Box<dyn std::error::Error>> {
/// use axum::{Router, routing::get};
/// use mtls::PeerMatcher;
/// use mtls::tower::RequirePeer;
///
/// let admin = PeerMatcher::spiffe_id("spiffe://prod.example/admin")?;
/// let app: Router = Router::new()
///     .route("/admin", get(|| async { "for one peer" }).layer(RequirePeer::new(admin)))
///     .route("/", get(|| async { "for every peer that the policy accepts" }));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RequirePeer {
    matcher: PeerMatcher,
}

impl RequirePeer {
    /// Makes a layer for the peers that the matcher matches.
    pub fn new(matcher: PeerMatcher) -> Self {
        Self { matcher }
    }
}

impl<S> Layer<S> for RequirePeer {
    type Service = RequirePeerService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequirePeerService {
            inner,
            matcher: self.matcher.clone(),
        }
    }
}

/// The service of [`RequirePeer`].
#[derive(Clone)]
pub struct RequirePeerService<S> {
    inner: S,
    matcher: PeerMatcher,
}

impl<S, T, R> Service<Request<T>> for RequirePeerService<S>
where
    S: Service<Request<T>, Response = Response<R>>,
    S::Future: Send + 'static,
    R: Default + Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<T>) -> Self::Future {
        if is_accepted(&self.matcher, super::connection_of(request.extensions())) {
            Box::pin(self.inner.call(request))
        } else {
            let mut response = Response::new(R::default());
            *response.status_mut() = StatusCode::FORBIDDEN;
            Box::pin(async { Ok(response) })
        }
    }
}

fn is_accepted(matcher: &PeerMatcher, connection: Option<&ConnectionHandle>) -> bool {
    let peer = connection.and_then(|connection| Some((connection, connection.peer()?)));
    peer.is_some_and(|(connection, peer)| matcher.matches(peer) && connection.verify_now().is_ok())
}

impl<S: fmt::Debug> fmt::Debug for RequirePeerService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequirePeerService")
            .field("inner", &self.inner)
            .field("matcher", &self.matcher)
            .finish()
    }
}
