// Further methods of `MtlsClient`: `builder.rs` starts a builder, `integration/tokio/connect.rs`
// connects asynchronously where that feature is on.

mod builder;

use core::time::Duration;
use core::{fmt, mem};
use std::io;
use std::sync::Arc;

use pki_types::ServerName;

use crate::backend::{
    ClientBackend, DangerNativeClient, DefaultBackend, HandshakeError, HandshakeResult, LiveClient,
    NativeClient, ProtocolVersion, TlsStream, ToNative,
};
use crate::connection::transport::{Deadline, Transport};
use crate::connection::{Closer, ConnectionHandle, StreamTracking};
use crate::handshake_loop::handshake_loop;
use crate::peer::PeerIdentity;
use crate::rotation::{Revision, RotationHandle, Service};
use crate::stream::{MtlsStream, PeerAcceptance};

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
        let io = Deadline::new(io, self.handshake_timeout()).map_err(HandshakeError::Io)?;
        let name = parse(server_name)?;
        let mut handshake = B::start_client(&revision.config, &name, io)?;
        let mut established = handshake_loop(&mut handshake)?;
        let peer = self.confirm(&revision, &mut established)?;
        let acceptance = acceptance(&mut established);
        let closer = || established.stream.io().io().shutdown_handle();
        let attached = self.attach(&revision, &peer, &name, closer)?;
        Ok(MtlsStream::new(
            established,
            peer,
            &revision,
            acceptance,
            attached,
        ))
    }

    /// Returns the backend's own configuration of the current revision, for other libraries.
    ///
    /// It is a snapshot that a later revision does not change: it goes on presenting the identity
    /// and accepting the servers of its revision. Two things still change: the time, and whether
    /// the source counts as lost ([`OnSourceLost`](crate::rotation::OnSourceLost)). It never
    /// resumes a session, whatever [`Resumption`](crate::connection::Resumption) is set.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let client = pki::client_builder().build(mtls::Rustls::default())?;
    /// use mtls::pki_types::ServerName;
    ///
    /// let name = ServerName::try_from("db.internal")?;
    /// let connection = rustls::ClientConnection::new(client.config(), name)?;
    /// assert!(connection.is_handshaking());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn config(&self) -> B::Native
    where
        B: NativeClient,
    {
        self.revision().config.to_native()
    }

    /// Returns the backend's own configuration, which follows the rotation. On rustls.
    ///
    /// It is for libraries that take a configuration once and keep it (reqwest, quinn).
    ///
    /// Each handshake verifies the server by the revision that is current at that moment, and takes
    /// our certificate from the one that is current then. Neither is older than the revision that
    /// was current when the handshake began. If a rotation happens in between, the presented
    /// certificate may be of a later revision than the verification. The TLS versions and the
    /// application protocols do not rotate. No session is ever resumed. Open connections are not
    /// affected.
    ///
    /// The configuration keeps this client and its [`Source`](crate::Source) alive, also after all
    /// clones of the client are dropped. Where each connection can be given a configuration,
    /// [`config`](Self::config) costs less and is of one revision.
    ///
    /// A library that takes the configuration by value, and not in an `Arc`, gets a copy
    /// (`ClientConfig::clone(&config)`), which follows the rotation as well. In short, such a
    /// library does this:
    ///
    /// ```no_run
    /// # fn f(client: mtls::MtlsClient<mtls::Rustls>) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::io::Write;
    /// use std::net::TcpStream;
    /// use std::sync::Arc;
    ///
    /// use mtls::pki_types::ServerName;
    ///
    /// let config: Arc<rustls::ClientConfig> = client.live_config(); // once
    /// loop {
    ///     let name = ServerName::try_from("db.internal")?;
    ///     let connection = rustls::ClientConnection::new(Arc::clone(&config), name)?; // for each connection
    ///     let mut stream = rustls::StreamOwned::new(connection, TcpStream::connect("db.internal:5433")?);
    ///     stream.write_all(b"hello")?; // the handshake, under the current revision
    ///     std::thread::sleep(std::time::Duration::from_secs(60));
    /// }
    /// # }
    /// ```
    pub fn live_config(&self) -> B::Native
    where
        B: LiveClient,
    {
        let service = Arc::clone(&self.service);
        B::live_client(Arc::new(move || service.load().config.clone()))
    }

    /// Returns the backend's own configuration, which does **not** verify the peer by the policy.
    ///
    /// Its user has to do that.
    ///
    /// ```
    /// # #[cfg(feature = "native-tls")]
    /// # use mtls::{MtlsClient, NativeTls};
    /// # #[cfg(feature = "native-tls")]
    /// # fn f(client: MtlsClient<NativeTls>) -> Result<(), Box<dyn std::error::Error>> {
    /// let connector = client.danger_config();
    /// let tcp = std::net::TcpStream::connect("db.internal:5433")?;
    /// let stream = connector.connect("db.internal", tcp)?; // the platform's verification alone
    /// # Ok(())
    /// # }
    /// ```
    pub fn danger_config(&self) -> <B as DangerNativeClient>::Native
    where
        B: DangerNativeClient,
    {
        self.revision().config.to_native()
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

    /// Tracks a connection with the server `peer` that another library holds.
    ///
    /// An example is a connection made through [`config`](Self::config). `server_name` is the name
    /// that the server was verified for. This crate never closes such a connection, whatever
    /// [`live_connections`](ClientBuilder::live_connections) is set to: its holder is notified of
    /// the rejection and closes it.
    ///
    /// The peer is verified at once by the current revision, so the connection may have been made
    /// under any.
    ///
    /// ```no_run
    /// # fn f(client: mtls::MtlsClient<mtls::Rustls>, peer: mtls::PeerIdentity, tcp: std::net::TcpStream)
    /// # -> Result<(), Box<dyn std::error::Error>> {
    /// use mtls::pki_types::ServerName;
    ///
    /// let live = client.track(&peer, &ServerName::try_from("db.internal")?)?;
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
    pub fn track(
        &self,
        peer: &PeerIdentity,
        server_name: &ServerName<'_>,
    ) -> io::Result<ConnectionHandle> {
        self.service.live().track(peer, Some(server_name))
    }

    pub(crate) fn attach(
        &self,
        revision: &Revision<B::ClientConfig>,
        peer: &PeerIdentity,
        server_name: &ServerName<'_>,
        closer: impl FnOnce() -> io::Result<Option<Closer>>,
    ) -> Result<Option<StreamTracking>, HandshakeError> {
        let live = self.service.live();
        live.open(
            || revision.verification_basis(),
            Some(peer),
            Some(server_name),
            closer,
        )
        .map_err(HandshakeError::Io)
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
