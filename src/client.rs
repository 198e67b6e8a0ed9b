use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use pki_types::{ServerName, UnixTime};

use crate::backend::{
    ClientBackend, ClientSettings, DangerNativeClient, Established, Event, HandshakeError,
    NativeClient, ProtocolVersion,
};
use crate::builder::Draft;
use crate::drive::drive;
use crate::error::BuildError;
use crate::material::{MtlsIdentity, TrustAnchors};
use crate::peer::PeerIdentity;
use crate::policy::VerifierPolicy;
use crate::rotation::{Current, Revision};
use crate::stream::{Acceptance, MtlsStream};
use crate::transport::{Deadline, Transport};

/// A mutual TLS client: proves who it is, and judges every server.
///
/// Build it once and share it; cloning is cheap.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::{MtlsClient, MtlsIdentity, Rustls, TrustAnchors};
/// use std::io::Write;
///
/// let client = MtlsClient::builder()
///     .identity(MtlsIdentity::from_pem_files("client.crt", "client.key")?)
///     .trust_anchors(TrustAnchors::from_pem_file("ca.crt")?)
///     .build(Rustls::default())?;
/// let tcp = std::net::TcpStream::connect("db.internal:5433")?;
/// let mut stream = client.connect("db.internal", tcp)?;
/// println!("connected to {}", stream.peer());
/// stream.write_all(b"hello")?;
/// # Ok(())
/// # }
/// ```
pub struct MtlsClient<B: ClientSide = Unbuilt> {
    current: Arc<Current<B::Config>>,
    handshake_timeout: Duration,
}

/// In place of a backend until there is one, so that `MtlsClient::builder()` needs no annotation.
#[derive(Debug)]
pub enum Unbuilt {}

/// What a client holds of its backend. Every [`ClientBackend`] has it.
pub trait ClientSide {
    /// The backend's configuration.
    type Config;
}

impl ClientSide for Unbuilt {
    type Config = ();
}

impl<B: ClientBackend> ClientSide for B {
    type Config = B::ClientConfig;
}

impl MtlsClient<Unbuilt> {
    /// Begins a client. Identity and trust anchors are required.
    pub fn builder() -> ClientBuilder {
        ClientBuilder {
            draft: Draft::new(),
        }
    }
}

impl<B: ClientBackend> MtlsClient<B> {
    /// Does a handshake over `io` with the server that is called `server_name`: a DNS name, or an IP address, which
    /// matches IP names only and is not sent as server name indication (RFC 6066, section 3).
    ///
    /// In TLS 1.3 the server's verdict about us comes after this; see [`MtlsStream`].
    ///
    /// # Errors
    /// [`HandshakeError`]; the connection is of no use then.
    pub fn connect<IO: Transport>(
        &self,
        server_name: &str,
        io: IO,
    ) -> Result<MtlsStream<B, IO, PeerIdentity>, HandshakeError> {
        let revision = self.revision();
        let io = Deadline::new(io, self.handshake_timeout).map_err(HandshakeError::Io)?;
        let mut handshake = B::start_client(&revision.config, &parse(server_name)?, io)?;
        let mut established = drive(&mut handshake)?;
        let peer = self.confirm(&revision, &mut established)?;
        let acceptance = acceptance(established.version);
        Ok(MtlsStream::new(established, peer, revision.number, acceptance))
    }

    /// The backend's own configuration of the current revision, to plug in elsewhere.
    ///
    /// It is a snapshot: a later revision does not change it.
    pub fn config(&self) -> B::Native
    where
        B: NativeClient,
    {
        B::native(&self.revision().config)
    }

    /// The backend's own configuration, which does **not** judge the peer by the policy: whoever uses it has to.
    pub fn danger_config(&self) -> <B as DangerNativeClient>::Native
    where
        B: DangerNativeClient,
    {
        <B as DangerNativeClient>::native(&self.revision().config)
    }

    pub(crate) fn revision(&self) -> Arc<Revision<B::ClientConfig>> {
        self.current.load()
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn handshake_timeout(&self) -> Duration {
        self.handshake_timeout
    }

    /// The second look: there is a peer, and the policy admits it.
    pub(crate) fn confirm<S>(
        &self,
        revision: &Revision<B::ClientConfig>,
        established: &mut Established<S>,
    ) -> Result<PeerIdentity, HandshakeError> {
        let Some(peer) = established.peer.take() else {
            return Err(HandshakeError::backend("the server's certificate was not judged"));
        };
        match revision.judge.confirm(&peer) {
            Ok(()) => Ok(peer),
            Err(rejection) => Err(HandshakeError::Rejected(rejection)),
        }
    }
}

/// In TLS 1.3 the client is done first.
pub(crate) fn acceptance(version: ProtocolVersion) -> Acceptance {
    match version {
        ProtocolVersion::Tls12 => Acceptance::Seen,
        _ => Acceptance::Awaited,
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

impl<B: ClientSide> Clone for MtlsClient<B> {
    fn clone(&self) -> Self {
        Self {
            current: Arc::clone(&self.current),
            handshake_timeout: self.handshake_timeout,
        }
    }
}

impl<B: ClientSide> fmt::Debug for MtlsClient<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MtlsClient")
            .field("revision", &self.current)
            .finish_non_exhaustive()
    }
}

/// Collects what a [`MtlsClient`] is made of.
#[derive(Debug)]
pub struct ClientBuilder {
    draft: Draft,
}

impl ClientBuilder {
    /// Who we are. Required.
    #[must_use]
    pub fn identity(mut self, identity: MtlsIdentity) -> Self {
        self.draft.identity = Some(identity);
        self
    }

    /// Who vouches for servers. Required; the system's anchors are never added.
    #[must_use]
    pub fn trust_anchors(mut self, anchors: TrustAnchors) -> Self {
        self.draft.anchors = Some(anchors);
        self
    }

    /// Which servers are admitted beyond the check of their name, which is made in any case.
    ///
    /// Initially [`VerifierPolicy::allow_any_authenticated`].
    #[must_use]
    pub fn policy(mut self, policy: VerifierPolicy) -> Self {
        self.draft.policy = Some(policy);
        self
    }

    /// The application protocols to offer, most wanted first (RFC 7301): `["h2", "http/1.1"]`.
    ///
    /// Initially none. A server that speaks none of them ends the handshake.
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
    ///
    /// native-tls proves the path by the system's clock all the same.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> UnixTime + Send + Sync + 'static) -> Self {
        self.draft.set_clock(clock);
        self
    }

    /// Is told of every refusal, also in handshakes that run on the configuration from
    /// [`config`](MtlsClient::config). It must be quick, and not panic.
    #[must_use]
    pub fn observer(mut self, observer: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.draft.set_observer(observer);
        self
    }

    /// Checks everything and makes the client.
    ///
    /// # Errors
    /// [`BuildError`]: something required is missing, an anchor is no CA's certificate, our chain is not signed
    /// as it should be, or the backend refuses or cannot enforce a setting.
    pub fn build<B: ClientBackend>(mut self, backend: B) -> Result<MtlsClient<B>, BuildError> {
        let handshake_timeout = self.draft.handshake_timeout;
        let policy = self
            .draft
            .policy
            .take()
            .unwrap_or_else(VerifierPolicy::allow_any_authenticated);
        policy.check_for_client()?;
        let policy_relaxes = policy.relaxes();
        let checks_server_name = policy.checks_server_name();
        let checked = self.draft.check(policy, &backend)?;
        let judge = Arc::clone(&checked.judge);
        let config = backend.build_client(ClientSettings {
            identity: checked.identity,
            anchors: checked.anchors,
            judge: checked.judge,
            alpn: checked.alpn,
            versions: checked.versions,
            policy_relaxes,
            checks_server_name,
        })?;
        Ok(MtlsClient {
            current: Arc::new(Current::first(config, judge)),
            handshake_timeout,
        })
    }
}
