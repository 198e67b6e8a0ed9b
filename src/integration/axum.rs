//! axum 0.8: the peer of a request, and a listener for `axum::serve`.

use axum::extract::connect_info::Connected;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::serve::{IncomingStream, Listener, TapIo};
use http::request::Parts;
use hyper::StatusCode;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpStream;

use crate::backend::ServerBackend;
use crate::connection::{ClientAuth, ConnectionHandle};
use crate::integration::tokio::AsyncMtlsStream;
use crate::integration::tokio::listener::MtlsListener;
use crate::peer::PeerIdentity;

/// An extractor of the peer that sent the request.
///
/// The connection is that of [`mtls::hyper::serve`](crate::hyper::serve), or of `axum::serve` with
/// `into_make_service_with_connect_info::<ConnectionHandle>()`. The peer is the one of the
/// handshake; `mtls::tower::RequirePeer` verifies it again for each request.
/// `Option<Peer>` is `None` for an anonymous client.
///
/// Rejects with 403 if there is no peer: the client is anonymous, or no connection is known.
///
/// ```no_run
/// # async fn f(server: mtls::MtlsServer) -> Result<(), Box<dyn std::error::Error>> {
/// use axum::{Router, routing::get};
/// use mtls::axum::Peer;
///
/// async fn hello(Peer(peer): Peer) -> String {
///     format!("hello {peer}")
/// }
/// let app = Router::new().route("/", get(hello));
/// let tcp = tokio::net::TcpListener::bind("0.0.0.0:8443").await?;
/// mtls::hyper::serve(server.listener(tcp), app).await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "an extractor is a pattern")]
pub struct Peer(pub PeerIdentity);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        peer(parts).ok_or(StatusCode::FORBIDDEN)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(peer(parts))
    }
}

fn peer(parts: &Parts) -> Option<Peer> {
    let connection = super::connection_of(&parts.extensions)?;
    connection.peer().cloned().map(Peer)
}

/// For `axum::serve`, which ends no single connection: prefer
/// [`mtls::hyper::serve`](crate::hyper::serve).
impl<B: ServerBackend, A> Listener for MtlsListener<B, A>
where
    A: ClientAuth,
{
    type Io = AsyncMtlsStream<TcpStream, A::Peer, B>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        Self::accept(self).await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Self::local_addr(self)
    }
}

impl<B: ServerBackend, A> Connected<IncomingStream<'_, MtlsListener<B, A>>> for ConnectionHandle
where
    A: ClientAuth,
{
    fn connect_info(stream: IncomingStream<'_, MtlsListener<B, A>>) -> Self {
        stream.io().connection().clone()
    }
}

impl<B: ServerBackend, A, F> Connected<IncomingStream<'_, TapIo<MtlsListener<B, A>, F>>>
    for ConnectionHandle
where
    A: ClientAuth,
    F: FnMut(&mut AsyncMtlsStream<TcpStream, A::Peer, B>) + Send + 'static,
{
    fn connect_info(stream: IncomingStream<'_, TapIo<MtlsListener<B, A>, F>>) -> Self {
        stream.io().connection().clone()
    }
}
