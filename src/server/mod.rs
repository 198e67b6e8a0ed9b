// Further methods of `MtlsServer`: `builder.rs` starts a builder, `integration/tokio/connect.rs`
// accepts asynchronously where that feature is on.

mod builder;

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;
use std::io;
use std::sync::Arc;

use crate::backend::{
    DefaultBackend, Handshake, HandshakeError, HandshakeResult, LiveServer, NativeServer,
    ServerBackend, TlsStream, ToNative,
};
use crate::connection::transport::{Deadline, Transport};
use crate::connection::{ClientAuth, Closer, ConnectionHandle, Required, StreamTracking};
use crate::handshake_loop::{handshake_loop, linger};
use crate::peer::PeerIdentity;
use crate::rotation::{Revision, RotationHandle, Service};
use crate::stream::{MtlsStream, PeerAcceptance};

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
        let io = Deadline::new(io, self.handshake_timeout()).map_err(HandshakeError::Io)?;
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
        let peer = self.confirm(&revision, &mut established)?;
        let closer = || established.stream.io().io().shutdown_handle();
        let attached = self.attach(&revision, &peer, closer)?;
        Ok(MtlsStream::new(
            established,
            peer,
            &revision,
            PeerAcceptance::Seen,
            attached,
        ))
    }

    /// Returns the backend's own configuration of the current revision, for other libraries.
    ///
    /// It is a snapshot that a later revision does not change: it goes on presenting the identity
    /// and accepting the clients of its revision. Two things still change: the time, and whether
    /// the source counts as lost ([`OnSourceLost`](crate::rotation::OnSourceLost)). It never
    /// resumes a session, whatever [`Resumption`](crate::connection::Resumption) is set.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let server = pki::server_builder().build(mtls::Rustls::default())?;
    /// let connection = rustls::ServerConnection::new(server.config())?;
    /// assert!(connection.is_handshaking());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn config(&self) -> B::Native
    where
        B: NativeServer,
    {
        self.revision().config.to_native()
    }

    /// Returns the backend's own configuration, which follows the rotation. On rustls.
    ///
    /// It is for libraries that take a configuration once and keep it (quinn, an acceptor of
    /// tokio-rustls).
    ///
    /// Each handshake takes our certificate from the revision that is current at that moment, and
    /// verifies the client by the one that is current then. Neither is older than the revision that
    /// was current when the handshake began. If a rotation happens in between, the verification may
    /// be of a later revision than the certificate. The TLS versions, the application protocols and
    /// whether a certificate is required do not rotate. No session is ever resumed. Open
    /// connections are not affected.
    ///
    /// The certificate request does not contain the trust anchors' names, since rustls cannot
    /// rotate them: a client with several certificates has to know which one to present.
    ///
    /// The configuration keeps this server and its [`Source`](crate::Source) alive, also after all
    /// clones of the server are dropped. Where each connection can be given a configuration,
    /// [`config`](Self::config) costs less and is of one revision.
    ///
    /// A library that takes the configuration by value, and not in an `Arc`, gets a copy
    /// (`ServerConfig::clone(&config)`), which follows the rotation as well. In short, such a
    /// library does this:
    ///
    /// ```no_run
    /// # fn f(server: mtls::MtlsServer<mtls::Rustls>) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::io::Write;
    /// use std::net::TcpListener;
    /// use std::sync::Arc;
    ///
    /// let config: Arc<rustls::ServerConfig> = server.live_config(); // once
    /// for tcp in TcpListener::bind("127.0.0.1:8443")?.incoming() {
    ///     let connection = rustls::ServerConnection::new(Arc::clone(&config))?; // for each connection
    ///     let mut stream = rustls::StreamOwned::new(connection, tcp?);
    ///     if let Err(error) = stream.write_all(b"hello") { // the handshake
    ///         eprintln!("{}", mtls::Report::new(&error));
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn live_config(&self) -> B::Native
    where
        B: LiveServer,
    {
        let service = Arc::clone(&self.service);
        B::live_server(Arc::new(move || service.load().config.clone()))
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

    /// Tracks a connection with the client `peer` that another library holds.
    ///
    /// An example is a connection made through [`config`](Self::config). This crate never closes
    /// such a connection, whatever [`live_connections`](ServerBuilder::live_connections) is set to:
    /// its holder is notified of the rejection and closes it.
    ///
    /// The peer is verified at once by the current revision, so the connection may have been made
    /// under any.
    ///
    /// ```no_run
    /// # fn f(server: mtls::MtlsServer<mtls::Rustls>, peer: mtls::PeerIdentity, tcp: std::net::TcpStream)
    /// # -> std::io::Result<()> {
    /// let live = server.track(&peer)?;
    /// live.on_rejected(move |_| {
    ///     let _ = tcp.shutdown(std::net::Shutdown::Both);
    /// });
    /// // Keep `live` with the connection: it is tracked until that is dropped.
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The system's, if no thread for the verification can be started.
    pub fn track(&self, peer: &PeerIdentity) -> io::Result<ConnectionHandle> {
        self.service.live().track(peer, None)
    }

    pub(crate) fn attach(
        &self,
        revision: &Revision<B::ServerConfig>,
        peer: &A::Peer,
        closer: impl FnOnce() -> io::Result<Option<Closer>>,
    ) -> Result<Option<StreamTracking>, HandshakeError> {
        let live = self.service.live();
        live.open(
            || revision.verification_basis(),
            A::identity(peer),
            None,
            closer,
        )
        .map_err(HandshakeError::Io)
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
