use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;
use std::sync::Arc;

use pki_types::UnixTime;

use crate::backend::{
    ClientAuth, Established, Event, Handshake, HandshakeError, NativeServer, ProtocolVersion,
    ServerBackend, ServerSettings,
};
use crate::builder::Draft;
use crate::client::Unbuilt;
use crate::drive::{drive, linger};
use crate::error::BuildError;
use crate::material::{MtlsIdentity, TrustAnchors};
use crate::peer::PeerIdentity;
use crate::policy::VerifierPolicy;
use crate::rotation::{Current, Revision};
use crate::stream::{Acceptance, MtlsStream};
use crate::transport::{Deadline, Transport};
use crate::x509::Certificate;

/// Bytes of CA names in a certificate request. More would slow every handshake, and some clients refuse it; beyond it
/// none is named, since a client may take a shortened list for the whole.
pub const MAX_CA_NAMES_BYTES: usize = 16 * 1024;

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
    current: Arc<Current<B::Config>>,
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

    /// What a stream holds of the client that a handshake showed; `None` where it had to show one and did not.
    fn peer(shown: Option<PeerIdentity>) -> Option<Self::Peer>;
}

impl ClientAuthentication for Required {
    type Peer = PeerIdentity;

    const REQUIRED: bool = true;

    fn peer(shown: Option<PeerIdentity>) -> Option<PeerIdentity> {
        shown
    }
}

impl ClientAuthentication for Optional {
    type Peer = Option<PeerIdentity>;

    const REQUIRED: bool = false;

    fn peer(shown: Option<PeerIdentity>) -> Option<Option<PeerIdentity>> {
        Some(shown)
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
        ServerBuilder {
            draft: Draft::new(),
            names_anchors: NamesAnchors::Yes,
            client_auth: PhantomData,
        }
    }
}

impl<B: ServerBackend, A: ClientAuthentication> MtlsServer<B, A> {
    /// Does a handshake over `io` with a client that has connected.
    ///
    /// A client that is refused is given up to a second to read why, so this belongs on a thread of its own.
    ///
    /// # Errors
    /// [`HandshakeError`]; the connection is of no use then.
    pub fn accept<IO: Transport>(
        &self,
        io: IO,
    ) -> Result<MtlsStream<B, IO, A::Peer>, HandshakeError> {
        let revision = self.revision();
        let io = Deadline::new(io, self.handshake_timeout).map_err(HandshakeError::Io)?;
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
        Ok(MtlsStream::new(established, peer, revision.number, Acceptance::Seen))
    }

    /// The backend's own configuration of the current revision, to plug in elsewhere.
    ///
    /// It is a snapshot: a later revision does not change it.
    pub fn config(&self) -> B::Native
    where
        B: NativeServer,
    {
        B::native(&self.revision().config)
    }

    pub(crate) fn revision(&self) -> Arc<Revision<B::ServerConfig>> {
        self.current.load()
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn handshake_timeout(&self) -> Duration {
        self.handshake_timeout
    }

    /// The second look: there is a peer where one is required, and the policy admits it.
    pub(crate) fn confirm<S>(
        &self,
        revision: &Revision<B::ServerConfig>,
        established: &mut Established<S>,
    ) -> Result<A::Peer, HandshakeError> {
        let presented = established.peer.take();
        if let Some(peer) = &presented {
            revision.judge.confirm(peer).map_err(HandshakeError::Rejected)?;
        }
        A::peer(presented)
            .ok_or_else(|| HandshakeError::backend("the client's certificate was not judged"))
    }
}

impl<B: ServerSide, A> Clone for MtlsServer<B, A> {
    fn clone(&self) -> Self {
        Self {
            current: Arc::clone(&self.current),
            handshake_timeout: self.handshake_timeout,
            client_auth: PhantomData,
        }
    }
}

impl<B: ServerSide, A> fmt::Debug for MtlsServer<B, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MtlsServer")
            .field("revision", &self.current)
            .finish_non_exhaustive()
    }
}

/// Collects what a [`MtlsServer`] is made of.
#[derive(Debug)]
pub struct ServerBuilder<A = Required> {
    draft: Draft,
    names_anchors: NamesAnchors,
    client_auth: PhantomData<fn() -> A>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NamesAnchors {
    No,
    Yes,
}

impl ServerBuilder<Required> {
    /// Lets clients connect without a certificate; `peer()` is an `Option` then.
    ///
    /// One that is presented is judged all the same, and refused when it fails: never taken for anonymous.
    #[must_use]
    pub fn optional_client_auth(self) -> ServerBuilder<Optional> {
        ServerBuilder {
            draft: self.draft,
            names_anchors: self.names_anchors,
            client_auth: PhantomData,
        }
    }
}

impl<A: ClientAuthentication> ServerBuilder<A> {
    /// Who we are. Required.
    #[must_use]
    pub fn identity(mut self, identity: MtlsIdentity) -> Self {
        self.draft.identity = Some(identity);
        self
    }

    /// Who vouches for clients. Required; the system's anchors are never added.
    #[must_use]
    pub fn trust_anchors(mut self, anchors: TrustAnchors) -> Self {
        self.draft.anchors = Some(anchors);
        self
    }

    /// Which clients are admitted. Required; [`VerifierPolicy::allow_any_authenticated`] admits all that the trust
    /// anchors vouch for.
    #[must_use]
    pub fn policy(mut self, policy: VerifierPolicy) -> Self {
        self.draft.policy = Some(policy);
        self
    }

    /// The application protocols that are spoken, most wanted first (RFC 7301): `["h2", "http/1.1"]`.
    ///
    /// Initially none. A client that offers protocols, but none of these, is refused.
    #[must_use]
    pub fn alpn(mut self, protocols: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        self.draft.set_alpn(protocols);
        self
    }

    /// The TLS versions to speak. Initially 1.2 and 1.3.
    #[must_use]
    pub fn protocol_versions(
        mut self,
        versions: impl IntoIterator<Item = ProtocolVersion>,
    ) -> Self {
        self.draft.versions = versions.into_iter().collect();
        self
    }

    /// How long a handshake may take as a whole. Initially 10 seconds; more than zero.
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.draft.handshake_timeout = timeout;
        self
    }

    /// Where the time comes from that certificates are judged by. Initially the system's clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> UnixTime + Send + Sync + 'static) -> Self {
        self.draft.set_clock(clock);
        self
    }

    /// Is told of every refusal, also in handshakes that run on the configuration from
    /// [`config`](MtlsServer::config). It must be quick, and not panic.
    #[must_use]
    pub fn observer(mut self, observer: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.draft.set_observer(observer);
        self
    }

    /// Leaves the trust anchors' subjects out of the certificate request (RFC 8446, section 4.2.4).
    ///
    /// Initially they are in it, up to [`MAX_CA_NAMES_BYTES`], so that a client with several certificates can choose;
    /// everyone who connects can read them.
    #[must_use]
    pub fn without_ca_names(mut self) -> Self {
        self.names_anchors = NamesAnchors::No;
        self
    }

    /// Checks everything and makes the server.
    ///
    /// # Errors
    /// [`BuildError`]: something required is missing, an anchor is no CA's certificate, our chain is not signed
    /// as it should be, or the backend refuses or cannot enforce a setting.
    pub fn build<B: ServerBackend>(mut self, backend: B) -> Result<MtlsServer<B, A>, BuildError> {
        let handshake_timeout = self.draft.handshake_timeout;
        let policy = self.draft.policy.take().ok_or(BuildError::MissingPolicy)?;
        policy.check_for_server()?;
        let checked = self.draft.check(policy, &backend)?;
        let judge = Arc::clone(&checked.judge);
        let config = backend.build_server(ServerSettings {
            identity: checked.identity,
            judge: checked.judge,
            alpn: checked.alpn,
            versions: checked.versions,
            client_auth: match A::REQUIRED {
                true => ClientAuth::Required,
                false => ClientAuth::Optional,
            },
            ca_names: match self.names_anchors {
                NamesAnchors::Yes => ca_names(&checked.anchors),
                NamesAnchors::No => Vec::new(),
            },
        })?;
        Ok(MtlsServer {
            current: Arc::new(Current::first(config, judge)),
            handshake_timeout,
            client_auth: PhantomData,
        })
    }
}

/// The anchors' subjects, each once, or none when they are too many.
fn ca_names(anchors: &TrustAnchors) -> Vec<Vec<u8>> {
    let mut names: Vec<Vec<u8>> = Vec::new();
    let mut bytes: usize = 0;
    for anchor in anchors.as_slice() {
        let Ok(anchor) = Certificate::from_der(anchor) else {
            continue;
        };
        if names.iter().any(|name| name == anchor.subject) {
            continue;
        }
        // Each name has a length of two bytes before it.
        bytes = bytes.saturating_add(anchor.subject.len()).saturating_add(2);
        if bytes > MAX_CA_NAMES_BYTES {
            return Vec::new();
        }
        names.push(anchor.subject.to_vec());
    }
    names
}
