// Further methods of `MtlsClient`: `builder.rs` starts a builder, `integration/tokio/connect.rs`
// connects asynchronously where that feature is on.

mod builder;
mod other_libraries;

use core::time::Duration;
use core::{fmt, mem};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use pki_types::ServerName;

use crate::backend::{
    ClientBackend, ConnectionInfo, DefaultBackend, HandshakeError, HandshakeResult,
    ProtocolVersion, SessionInfo, TlsStream,
};
use crate::connection::deadline::Deadline;
use crate::connection::transport::Transport;
use crate::connection::{Closer, ConnectionContext, StreamTracking};
use crate::handshake_loop::handshake_loop;
use crate::handshake_report::HandshakeReport;
use crate::peer::PeerIdentity;
use crate::rotation::{Revision, RotationHandle, Service};
use crate::side::Side;
use crate::stream::{ConnectionState, MtlsStream, PeerAcceptance};

pub use builder::ClientBuilder;

/// A mutual TLS client: presents its identity and verifies every server.
///
/// Build it once and share it; cloning is cheap.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::{MtlsClient, MtlsIdentity, Rustls, TrustAnchors};
/// use std::io::Write;
///
/// let client = MtlsClient::builder()
///     .identity(MtlsIdentity::from_files("client.crt", "client.key")?)
///     .trust_anchors(TrustAnchors::from_file("ca.crt")?)
///     .build(Rustls::default())?;
/// let tcp = std::net::TcpStream::connect("db.internal:5433")?;
/// let mut stream = client.connect("db.internal", tcp)?;
/// println!("connected to {}", stream.peer());
/// stream.write_all(b"hello")?;
/// # Ok(())
/// # }
/// ```
pub struct MtlsClient<B: ClientBackend = DefaultBackend> {
    service: Arc<Service<B::ClientConfig>>,
    handle: RotationHandle,
    handshake_timeout: Duration,
    context: ConnectionContext,
}

impl<B: ClientBackend> MtlsClient<B> {
    /// Performs a handshake over `io` with the server named `server_name`.
    ///
    /// The name is a DNS name or an IP address. An IP address matches IP names only and is not sent
    /// as server name indication (RFC 6066, section 3).
    ///
    /// In TLS 1.3 the server's verdict about us arrives after this call; see [`MtlsStream`].
    ///
    /// # Errors
    /// [`HandshakeError`]; the connection is unusable then.
    pub fn connect<IO: Transport>(
        &self,
        server_name: &str,
        io: IO,
    ) -> Result<MtlsStream<IO, PeerIdentity, B>, HandshakeError> {
        let revision = self.revision();
        let report = self.report(&revision, || io.remote_addr());
        let result = self.handshake(&revision, &report, server_name, io);
        report.finish(result, |stream| stream.connection().info())
    }

    fn handshake<IO: Transport>(
        &self,
        revision: &Revision<B::ClientConfig>,
        report: &HandshakeReport,
        server_name: &str,
        io: IO,
    ) -> Result<MtlsStream<IO, PeerIdentity, B>, HandshakeError> {
        let io = Deadline::new(io, self.handshake_timeout());
        report.asks_for(server_name);
        let name = parse(server_name)?;
        let mut handshake = B::start_client(&revision.config, &name, io)?;
        let mut established = handshake_loop(&mut handshake)?;
        let peer = self.confirm(revision, &mut established)?;
        let acceptance = acceptance(&mut established);
        let session = self.share(established.session);
        let info = report.info(Some(&peer), &session);
        let stream = established.stream;
        let closer = || stream.io().io().shutdown_handle();
        let tracking = self.attach(revision, info, name, closer)?;
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

    /// Returns the handle that rotates this client and shows its status.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let client = pki::client_builder().build(mtls::Rustls::default())?;
    /// assert_eq!(client.handle().status().revision(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn handle(&self) -> &RotationHandle {
        &self.handle
    }

    /// Begins the report of a handshake.
    pub(crate) fn report(
        &self,
        revision: &Revision<B::ClientConfig>,
        known: impl FnOnce() -> Option<SocketAddr>,
    ) -> HandshakeReport {
        HandshakeReport::start::<B, _>(Side::Client, revision, self.context, known)
    }

    pub(crate) fn attach(
        &self,
        revision: &Revision<B::ClientConfig>,
        info: ConnectionInfo,
        server_name: ServerName<'static>,
        closer: impl FnOnce() -> io::Result<Option<Closer>>,
    ) -> Result<StreamTracking, HandshakeError> {
        let (live, asked) = (self.service.live(), Some(server_name));
        live.open(info, asked, || revision.verification_basis(), closer)
            .map_err(HandshakeError::Io)
    }

    /// Returns what a handshake negotiated, shared with the connections that negotiated the same.
    pub(crate) fn share(&self, session: SessionInfo) -> Arc<SessionInfo> {
        self.service.live().share(session)
    }

    pub(crate) fn revision(&self) -> Arc<Revision<B::ClientConfig>> {
        self.service.load()
    }

    pub(crate) fn handshake_timeout(&self) -> Duration {
        self.handshake_timeout
    }

    /// Verifies the peer of a finished handshake: there is one, and the policy accepts it.
    pub(crate) fn confirm<S>(
        &self,
        revision: &Revision<B::ClientConfig>,
        established: &mut HandshakeResult<S>,
    ) -> Result<PeerIdentity, HandshakeError> {
        let Some(peer) = established.peer.take() else {
            return Err(HandshakeError::backend(
                "the server's certificate was not verified",
            ));
        };
        match revision.verifier.confirm(&peer) {
            Ok(()) => Ok(peer),
            Err(rejection) => Err(HandshakeError::Rejected(rejection)),
        }
    }
}

/// In TLS 1.3 the client finishes before the server has verified it.
pub(crate) fn acceptance<S>(established: &mut HandshakeResult<S>) -> PeerAcceptance {
    match established.session.protocol_version() {
        ProtocolVersion::Tls12 => PeerAcceptance::Seen,
        _ => PeerAcceptance::Awaited(mem::take(&mut established.request)),
    }
}

pub(crate) fn parse(server_name: &str) -> Result<ServerName<'static>, HandshakeError> {
    match ServerName::try_from(server_name) {
        Ok(name) => Ok(name.to_owned()),
        Err(_) => Err(HandshakeError::InvalidServerName {
            name: server_name.to_owned(),
        }),
    }
}

impl<B: ClientBackend> Clone for MtlsClient<B> {
    fn clone(&self) -> Self {
        Self {
            service: Arc::clone(&self.service),
            handle: self.handle.clone(),
            handshake_timeout: self.handshake_timeout,
            context: self.context,
        }
    }
}

impl<B: ClientBackend> fmt::Debug for MtlsClient<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MtlsClient")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}
