//! Handshakes of our servers and clients with a raw peer that presents some chain.

use std::fmt;
use std::net::TcpStream;

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::connection::ProtocolVersion;
use mtls::pki_types::UnixTime;
use mtls::{
    BuildError, HandshakeError, MtlsClient, MtlsIdentity, MtlsServer, PeerIdentity,
    RevocationLists, TrustAnchors, VerifierPolicy,
};

use crate::common::pki::{Cast, Credential};
use crate::common::raw::{Peer, Tool, Version, socket_pair};
use crate::issued::SERVER_NAME;

/// What our end trusts, and is.
pub(crate) struct World {
    cast: Cast,
    anchors: TrustAnchors,
    policy: VerifierPolicy,
    lists: Option<RevocationLists>,
    /// In place of the system's clock.
    now: Option<UnixTime>,
}

impl World {
    pub(crate) fn new(anchors: &TrustAnchors, policy: VerifierPolicy) -> Self {
        Self {
            cast: Cast::assemble(),
            anchors: anchors.clone(),
            policy,
            lists: None,
            now: None,
        }
    }

    pub(crate) fn at(self, now: UnixTime) -> Self {
        let now = Some(now);
        Self { now, ..self }
    }

    pub(crate) fn with_lists(self, lists: Option<RevocationLists>) -> Self {
        Self { lists, ..self }
    }
}

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum Failed {
    Built(BuildError),
    Handshake(HandshakeError),
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Built(error) => write!(f, "not built: {error}"),
            Self::Handshake(HandshakeError::Rejected(rejection)) => rejection.fmt(f),
            Self::Handshake(error) => error.fmt(f),
        }
    }
}

/// One of our ends at work on a socket.
pub(crate) type Meet = fn(&World, Version, TcpStream) -> Result<PeerIdentity, Failed>;

pub(crate) fn servers() -> Vec<(&'static str, Meet)> {
    vec![
        ("rustls", accept::<mtls::Rustls>),
        #[cfg(feature = "openssl")]
        ("OpenSSL", accept::<mtls::OpenSsl>),
    ]
}

pub(crate) fn clients() -> Vec<(&'static str, Meet)> {
    vec![
        ("rustls", connect::<mtls::Rustls>),
        #[cfg(feature = "openssl")]
        ("OpenSSL", connect::<mtls::OpenSsl>),
    ]
}

/// A raw client presents the chain to our server.
pub(crate) fn meet_client(
    accept: Meet,
    world: &World,
    version: Version,
    tool: Tool,
    credential: &Credential,
) -> Result<PeerIdentity, Failed> {
    let (near, far) = socket_pair();
    let calling = tool.call_over(near, Peer::new(version).presents(credential));
    let result = accept(world, version, far);
    calling.outcome();
    result
}

/// A raw server presents the chain to our client.
pub(crate) fn meet_server(
    connect: Meet,
    world: &World,
    version: Version,
    tool: Tool,
    credential: &Credential,
) -> Result<PeerIdentity, Failed> {
    let (near, far) = socket_pair();
    let serving = tool.serve_over(far, Peer::new(version).presents(credential));
    let result = connect(world, version, near);
    serving.outcome();
    result
}

fn accept<B: ServerBackend + Default>(
    world: &World,
    version: Version,
    socket: TcpStream,
) -> Result<PeerIdentity, Failed> {
    let mut builder = MtlsServer::builder()
        .identity(identity(&world.cast.server))
        .trust_anchors(world.anchors.clone())
        .policy(world.policy.clone())
        .protocol_versions([protocol(version)]);
    if let Some(lists) = &world.lists {
        builder = builder.revocation_lists(lists.clone());
    }
    if let Some(now) = world.now {
        builder = builder.clock(move || now);
    }
    let server = builder.build(B::default()).map_err(Failed::Built)?;
    let stream = server.accept(socket).map_err(Failed::Handshake)?;
    Ok(stream.peer().clone())
}

fn connect<B: ClientBackend + Default>(
    world: &World,
    version: Version,
    socket: TcpStream,
) -> Result<PeerIdentity, Failed> {
    let mut builder = MtlsClient::builder()
        .identity(identity(&world.cast.alice))
        .trust_anchors(world.anchors.clone())
        .policy(world.policy.clone())
        .protocol_versions([protocol(version)]);
    if let Some(lists) = &world.lists {
        builder = builder.revocation_lists(lists.clone());
    }
    if let Some(now) = world.now {
        builder = builder.clock(move || now);
    }
    let client = builder.build(B::default()).map_err(Failed::Built)?;
    let stream = client
        .connect(SERVER_NAME, socket)
        .map_err(Failed::Handshake)?;
    Ok(stream.peer().clone())
}

pub(crate) fn identity(credential: &Credential) -> MtlsIdentity {
    let key = credential.key.secret_pkcs8_der();
    MtlsIdentity::from_der(credential.chain.clone(), key).unwrap()
}

pub(crate) fn protocol(version: Version) -> ProtocolVersion {
    match version {
        Version::Tls12 => ProtocolVersion::Tls12,
        Version::Tls13 => ProtocolVersion::Tls13,
    }
}
