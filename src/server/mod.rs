// Further methods of `MtlsServer`: `builder.rs` starts a builder, `integration/tokio/connect.rs`
// accepts asynchronously where that feature is on.

mod builder;
mod other_libraries;

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::backend::{
    ConnectionInfo, DefaultBackend, Handshake, HandshakeError, HandshakeResult, ServerBackend,
    SessionInfo, TlsStream,
};
use crate::connection::deadline::Deadline;
use crate::connection::transport::Transport;
use crate::connection::{
    ClientAuth, Closer, ConnectionContext, ListenerSettings, Required, StreamTracking,
};
use crate::handshake_loop::{handshake_loop, linger};
use crate::handshake_report::HandshakeReport;
use crate::rotation::{Revision, RotationHandle, Service};
use crate::side::Side;
use crate::stream::{ConnectionState, MtlsStream, PeerAcceptance};

pub use builder::ServerBuilder;

/// A mutual TLS server: presents its identity and verifies every client.
///
/// Build it once and share it; cloning is cheap. `A` is [`Required`],
/// or [`Optional`](crate::connection::Optional) after
/// [`optional_client_auth`](ServerBuilder::optional_client_auth).
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::{MtlsIdentity, MtlsServer, PeerMatcher, Report, Rustls, TrustAnchors, VerifierPolicy};
///
/// let server = MtlsServer::builder()
///     .identity(MtlsIdentity::from_files("server.crt", "server.key")?)
///     .trust_anchors(TrustAnchors::from_file("client-ca.crt")?)
///     .policy(VerifierPolicy::allow(PeerMatcher::spiffe_id("spiffe://prod.example/payments")?))
///     .build(Rustls::default())?;
/// let listener = std::net::TcpListener::bind("127.0.0.1:8443")?;
/// for tcp in listener.incoming() {
///     match server.accept(tcp?) {
///         Ok(stream) => println!("{} called", stream.peer()),
///         Err(error) => eprintln!("{}", Report::new(&error)),
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct MtlsServer<B: ServerBackend = DefaultBackend, A = Required> {
    service: Arc<Service<B::ServerConfig>>,
    handle: RotationHandle,
    handshake_timeout: Duration,
    context: ConnectionContext,
    pub(crate) listener: Arc<ListenerSettings>,
    client_auth: PhantomData<fn() -> A>,
}

impl<B: ServerBackend, A: ClientAuth> MtlsServer<B, A> {
    /// Performs a handshake over `io` with a client that has connected.
    ///
    /// A rejected client has up to a second to read the alert, so call this on a thread of its own.
    ///
    /// # Errors
    /// [`HandshakeError`]; the connection is unusable then.
    pub fn accept<IO: Transport>(
        &self,
        io: IO,
    ) -> Result<MtlsStream<IO, A::Peer, B>, HandshakeError> {
        let revision = self.revision();
        let report = self.report(&revision, || io.remote_addr());
        let result = self.handshake(&revision, &report, io);
        report.finish(result, |stream| stream.connection().info())
    }

    fn handshake<IO: Transport>(
        &self,
        revision: &Revision<B::ServerConfig>,
        report: &HandshakeReport,
        io: IO,
    ) -> Result<MtlsStream<IO, A::Peer, B>, HandshakeError> {
        let io = Deadline::new(io, self.handshake_timeout());
        let mut handshake = B::start_server(&revision.config, io)?;
        let mut established = match handshake_loop(&mut handshake) {
            Ok(established) => established,
            Err(error) => {
                if let (HandshakeError::Rejected(_) | HandshakeError::NoCommonProtocol, Some(io)) =
                    (&error, handshake.io_mut())
                {
                    linger(io);
                }
                return Err(error);
            }
        };
        let peer = self.confirm(revision, &mut established)?;
        let session = self.share(established.session);
        let info = report.info(A::identity(&peer), &session);
        let stream = established.stream;
        let tracking = self.attach(revision, info, || stream.io().io().shutdown_handle())?;
        let acceptance = PeerAcceptance::Seen;
        let state = ConnectionState::new(peer, session, revision, acceptance, tracking);
        Ok(MtlsStream::new(stream, state))
    }

    /// Returns a clone whose handshakes have this number and address of a connection.
    ///
    /// Use it for one connection: see [`ConnectionContext`].
    #[must_use]
    pub fn with_context(&self, context: ConnectionContext) -> Self {
        Self {
            context,
            ..self.clone()
        }
    }

    /// Returns the handle that rotates this server and shows its status.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let server = pki::server_builder().build(mtls::Rustls::default())?;
    /// assert_eq!(server.handle().status().revision(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn handle(&self) -> &RotationHandle {
        &self.handle
    }

    /// Begins the report of a handshake.
    pub(crate) fn report(
        &self,
        revision: &Revision<B::ServerConfig>,
        known: impl FnOnce() -> Option<SocketAddr>,
    ) -> HandshakeReport {
        HandshakeReport::start::<B, _>(Side::Server, revision, self.context, known)
    }

    pub(crate) fn attach(
        &self,
        revision: &Revision<B::ServerConfig>,
        info: ConnectionInfo,
        closer: impl FnOnce() -> io::Result<Option<Closer>>,
    ) -> Result<StreamTracking, HandshakeError> {
        let live = self.service.live();
        live.open(info, None, || revision.verification_basis(), closer)
            .map_err(HandshakeError::Io)
    }

    /// Returns what a handshake negotiated, shared with the connections that negotiated the same.
    pub(crate) fn share(&self, session: SessionInfo) -> Arc<SessionInfo> {
        self.service.live().share(session)
    }

    pub(crate) fn revision(&self) -> Arc<Revision<B::ServerConfig>> {
        self.service.load()
    }

    pub(crate) fn handshake_timeout(&self) -> Duration {
        self.handshake_timeout
    }

    /// Verifies the peer of a finished handshake: there is one if required, and the policy accepts
    /// it.
    pub(crate) fn confirm<S>(
        &self,
        revision: &Revision<B::ServerConfig>,
        established: &mut HandshakeResult<S>,
    ) -> Result<A::Peer, HandshakeError> {
        let presented = established.peer.take();
        match &presented {
            Some(peer) => revision.verifier.confirm(peer),
            None => revision.verifier.check_serving(),
        }
        .map_err(HandshakeError::Rejected)?;
        A::peer(presented)
            .ok_or_else(|| HandshakeError::backend("the client's certificate was not verified"))
    }
}

impl<B: ServerBackend, A> Clone for MtlsServer<B, A> {
    fn clone(&self) -> Self {
        Self {
            service: Arc::clone(&self.service),
            handle: self.handle.clone(),
            handshake_timeout: self.handshake_timeout,
            context: self.context,
            listener: Arc::clone(&self.listener),
            client_auth: PhantomData,
        }
    }
}

impl<B: ServerBackend, A> fmt::Debug for MtlsServer<B, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MtlsServer")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}
