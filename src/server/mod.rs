mod builder;

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;
use std::io;
use std::sync::Arc;

use crate::backend::{
    Handshake, HandshakeError, HandshakeResult, LiveServer, NativeServer, ServerBackend, TlsStream,
};
use crate::client::Unbuilt;
use crate::connection::transport::{Deadline, Transport};
use crate::connection::{Closer, LiveConnection, StreamTracking};
use crate::error::BuildError;
use crate::handshake_loop::{drive, linger};
use crate::peer::PeerIdentity;
use crate::rotation::{Revision, Rotation, Service, Status, StatusWatch};
use crate::stream::{Acceptance, MtlsStream};

pub use builder::{MAX_CA_NAMES_BYTES, ServerBuilder, ServerEnd};

/// A mutual TLS server: proves who it is, and judges every client.
///
/// Build it once and share it; cloning is cheap. `A` is [`Required`], or [`Optional`] after
/// [`optional_client_auth`](ServerBuilder::optional_client_auth).
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::{MtlsIdentity, MtlsServer, PeerMatcher, Rustls, TrustAnchors, VerifierPolicy};
///
/// let server = MtlsServer::builder()
///     .identity(MtlsIdentity::from_pem_files("server.crt", "server.key")?)
///     .trust_anchors(TrustAnchors::from_pem_file("client-ca.crt")?)
///     .policy(VerifierPolicy::allow(PeerMatcher::spiffe_id("spiffe://prod.example/payments")?))
///     .build(Rustls::default())?;
/// let listener = std::net::TcpListener::bind("127.0.0.1:8443")?;
/// for tcp in listener.incoming() {
///     match server.accept(tcp?) {
///         Ok(stream) => println!("{} called", stream.peer()),
///         Err(error) => eprintln!("refused: {error}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct MtlsServer<B: ServerSide = Unbuilt, A = Required> {
    service: Arc<Service<B::Config>>,
    handshake_timeout: Duration,
    client_auth: PhantomData<fn() -> A>,
}

/// A client without a certificate is refused: `peer()` is a [`PeerIdentity`].
#[derive(Debug)]
pub enum Required {}

/// A client may stay anonymous: `peer()` is an `Option` of a [`PeerIdentity`].
#[derive(Debug)]
pub enum Optional {}

/// Whether a server's clients must present a certificate: [`Required`] or [`Optional`].
pub trait ClientAuthentication: sealed::Sealed {
    /// What a stream knows about its client.
    type Peer;

    /// Whether a client without a certificate is refused.
    const REQUIRED: bool;

    /// What a stream holds of the client that a handshake showed; `None` where it had to show one
    /// and did not.
    fn peer(shown: Option<PeerIdentity>) -> Option<Self::Peer>;

    /// The client, unless it is anonymous.
    fn shown(peer: &Self::Peer) -> Option<&PeerIdentity>;
}

impl ClientAuthentication for Required {
    type Peer = PeerIdentity;

    const REQUIRED: bool = true;

    fn peer(shown: Option<PeerIdentity>) -> Option<PeerIdentity> {
        shown
    }

    fn shown(peer: &PeerIdentity) -> Option<&PeerIdentity> {
        Some(peer)
    }
}

impl ClientAuthentication for Optional {
    type Peer = Option<PeerIdentity>;

    const REQUIRED: bool = false;

    fn peer(shown: Option<PeerIdentity>) -> Option<Option<PeerIdentity>> {
        Some(shown)
    }

    fn shown(peer: &Option<PeerIdentity>) -> Option<&PeerIdentity> {
        peer.as_ref()
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Optional {}
    impl Sealed for super::Required {}
}

/// What a server holds of its backend. Every [`ServerBackend`] has it.
pub trait ServerSide {
    /// The backend's configuration.
    type Config;
}

impl ServerSide for Unbuilt {
    type Config = ();
}

impl<B: ServerBackend> ServerSide for B {
    type Config = B::ServerConfig;
}

impl MtlsServer<Unbuilt, Required> {
    /// Begins a server. Identity, trust anchors and policy are required.
    pub fn builder() -> ServerBuilder<Required> {
        ServerBuilder::new()
    }
}

impl<B: ServerBackend, A: ClientAuthentication> MtlsServer<B, A> {
    /// Does a handshake over `io` with a client that has connected.
    ///
    /// A client that is refused is given up to a second to read why, so this belongs on a thread of
    /// its own.
    ///
    /// # Errors
    /// [`HandshakeError`]; the connection is of no use then.
    pub fn accept<IO: Transport>(
        &self,
        io: IO,
    ) -> Result<MtlsStream<B, IO, A::Peer>, HandshakeError> {
        let revision = self.revision();
        let io = Deadline::new(io, self.handshake_timeout()).map_err(HandshakeError::Io)?;
        let mut handshake = B::start_server(&revision.config, io)?;
        let mut established = match drive(&mut handshake) {
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
        let closer = || established.stream.io().io().closer();
        let attached = self.attach(&revision, &peer, closer)?;
        Ok(MtlsStream::new(
            established,
            peer,
            &revision,
            Acceptance::Seen,
            attached,
        ))
    }

    /// The backend's own configuration of the current revision, to plug in elsewhere.
    ///
    /// It is a snapshot: a later revision does not change it, and its user goes on presenting what
    /// was current then, and accepts the clients that were accepted then; only the clock goes on.
    /// It never resumes a session, whatever [`Resumption`](crate::Resumption) was asked for.
    pub fn config(&self) -> B::Native
    where
        B: NativeServer,
    {
        B::native(&self.revision().config)
    }

    /// The backend's own configuration, for what takes one once and keeps it (quinn, an acceptor of
    /// tokio-rustls): it follows the rotation. On rustls.
    ///
    /// In each handshake our certificate is that of the revision which is current at that moment,
    /// and the client is judged by it: never by one before the revision that was current when the
    /// handshake began. If a rotation comes in between, the judgement may be of a later revision
    /// than the certificate. The versions of TLS, the application protocols and whether a
    /// certificate is required do not rotate. No session is ever resumed. Connections that stand
    /// are not touched.
    ///
    /// The trust anchors' names are not in its certificate request, since rustls has no way to let
    /// them rotate: a client with several certificates has to know which one to present.
    ///
    /// It keeps this server going, with its [`Source`](crate::Source): also when all its clones are
    /// dropped. Where a configuration can be given for each connection, [`config`](Self::config)
    /// costs less and is of one revision.
    ///
    /// A library that takes the configuration by itself, and not in an `Arc`, gets a copy of it
    /// (`ServerConfig::clone(&config)`), which follows the rotation as well. What that library does
    /// with it, in few words:
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
    ///     if let Err(error) = stream.write_all(b"hello") { // the handshake, under what is current now
    ///         eprintln!("refused, or gone: {error}");
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
        B::live(Arc::new(move || service.load().config.clone()))
    }

    /// Makes the next revision out of what `rotation` changes, and publishes it as a whole. Gives
    /// the number of the revision that serves then, which is the same as before where nothing
    /// changes.
    ///
    /// A handshake runs under one revision from its first byte to its last: those that have begun
    /// end as they began, those that begin afterwards know nothing of the revision before, and no
    /// session leads back to it. This waits for other calls of itself; handshakes do not wait for
    /// it. A snapshot from `config()` goes on under the revision that it was taken from.
    ///
    /// # Errors
    /// [`BuildError`], and nothing has changed: what [`build`](crate::ServerBuilder) refuses, and
    /// for what is new also an identity that is not valid at this moment, trust anchors of which
    /// none is, and whatever ends that our own trust anchors vouch for our own identity (see
    /// [`SelfTrust`](crate::SelfTrust)).
    pub fn rotate(&self, rotation: Rotation) -> Result<u64, BuildError> {
        self.service.rotate(rotation)
    }

    /// Has the [`Source`](crate::Source) asked again, on its own thread, as soon as it can be.
    /// Without a source this does nothing.
    pub fn reload(&self) {
        self.service.reload();
    }

    /// Which revision serves, until when it can, and what went wrong since.
    pub fn status(&self) -> Status {
        self.service.status()
    }

    /// Waits for changes of the [`status`](Self::status) after this call, on a thread or on any
    /// runtime.
    pub fn status_changes(&self) -> StatusWatch {
        self.service.status_changes()
    }

    /// Tracks a connection with the client `peer` that another library holds: one made through
    /// [`config`](Self::config), say. Whatever
    /// [`live_connections`](ServerBuilder::live_connections) is set to, it is never closed from
    /// here: its holder learns of the refusal and closes it.
    ///
    /// It is judged at once by the current revision, so that it may have been made under any.
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
    /// The system's: there is no thread to judge on.
    pub fn track(&self, peer: &PeerIdentity) -> io::Result<LiveConnection> {
        self.service.live().track(peer, None)
    }

    /// How many connections are tracked at this moment.
    pub fn tracked_connections(&self) -> usize {
        self.service.live().len()
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
            A::shown(peer),
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

    /// The second look: there is a peer where one is required, and the policy admits it.
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
            .ok_or_else(|| HandshakeError::backend("the client's certificate was not judged"))
    }
}

impl<B: ServerSide, A> Clone for MtlsServer<B, A> {
    fn clone(&self) -> Self {
        Self {
            service: Arc::clone(&self.service),
            handshake_timeout: self.handshake_timeout,
            client_auth: PhantomData,
        }
    }
}

impl<B: ServerSide, A> fmt::Debug for MtlsServer<B, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MtlsServer")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}
