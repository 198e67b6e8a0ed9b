//! The two ends of one connection behind one face: facades on every backend, blocking and asynchronous, and raw peers.

pub mod facade;
mod raw;
#[cfg(feature = "tokio")]
mod tokio;

use std::fmt;
use std::io;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use mtls::backend::BackendKind;
use mtls::connection::ProtocolVersion;
use mtls::policy::SignatureMemo;
use mtls::{
    BuildError, HandshakeError, PeerIdentity, Rejection, RevocationLists, TrustBundles,
    VerifierPolicy,
};
use pki_types::CertificateDer;

use super::backends::{with_client_backend, with_server_backend};
use super::pki::{Authority, Credential};
use super::raw::{LIMIT, Version, socket_pair};

/// What each end writes as soon as its handshake is over.
pub const MESSAGE: &[u8] = b"application data";

/// How an end is set up.
#[derive(Clone, Debug)]
pub struct Setup {
    pub version: Version,
    /// Only a raw peer can do without.
    pub identity: Option<Credential>,
    pub anchors: Vec<CertificateDer<'static>>,
    /// In place of the anchors, for a facade.
    pub bundles: Option<TrustBundles>,
    pub policy: VerifierPolicy,
    /// For a facade.
    pub memo: SignatureMemo,
    /// Verified and not enforced.
    pub shadow: Option<VerifierPolicy>,
    pub revocation_lists: Option<RevocationLists>,
    pub alpn: &'static [&'static str],
    pub timeout: Duration,
    /// For a client: the name that it expects of the server.
    pub server_name: &'static str,
    /// For a server: whether clients may stay anonymous.
    pub optional: bool,
    /// For a server: whether its request names its anchors.
    pub names_anchors: bool,
}

impl Setup {
    pub fn new(identity: &Credential, anchor: &Authority) -> Self {
        Self {
            version: Version::Tls13,
            identity: Some(identity.clone()),
            anchors: vec![anchor.certificate()],
            bundles: None,
            policy: VerifierPolicy::allow_any_authenticated(),
            memo: SignatureMemo::default(),
            shadow: None,
            revocation_lists: None,
            alpn: &[],
            timeout: LIMIT,
            server_name: "localhost",
            optional: false,
            names_anchors: true,
        }
    }
}

/// What an end saw.
#[derive(Default)]
pub struct Seen {
    /// The handshake is over and well, for this end.
    pub completed: bool,
    /// The peer's identity, as a facade reports it.
    pub peer: Option<PeerIdentity>,
    /// The chain that the other end presented, leaf first.
    pub presented: Vec<CertificateDer<'static>>,
    pub version: Option<ProtocolVersion>,
    pub alpn: Option<Vec<u8>>,
    /// What ended it badly, in a facade.
    pub ended: Option<Ended>,
    /// The alert that the other end sent.
    pub reported: Option<u8>,
    /// Application bytes.
    pub received: Vec<u8>,
    /// The rejections that the observer received.
    pub observed: Vec<Rejection>,
    /// The reports of the shadow policy that the observer received.
    pub shadows: Vec<Shadow>,
}

/// How a shadow policy sees it otherwise.
#[derive(Clone, Debug)]
pub enum Shadow {
    WouldAccept(PeerIdentity, Rejection),
    WouldReject(PeerIdentity, Rejection),
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen")
            .field("completed", &self.completed)
            .field("peer", &self.peer.as_ref().map(ToString::to_string))
            .field("presented", &self.presented.len())
            .field("version", &self.version)
            .field("alpn", &self.alpn.as_deref().map(String::from_utf8_lossy))
            .field("ended", &self.ended)
            .field("reported", &self.reported)
            .field("received", &String::from_utf8_lossy(&self.received))
            .field("observed", &self.observed)
            .field("shadows", &self.shadows)
            .finish()
    }
}

/// How a facade reported a bad end.
#[derive(Debug)]
pub enum Ended {
    Handshake(HandshakeError),
    /// At the first read or write after it.
    Later(io::Error),
}

impl Ended {
    pub fn error(&self) -> Option<&HandshakeError> {
        match self {
            Self::Handshake(error) => Some(error),
            Self::Later(error) => HandshakeError::find(error),
        }
    }
}

/// One end, for one role.
pub trait End: fmt::Debug + Sync {
    /// Which backend verifies; `None` for a raw peer, which verifies nothing.
    fn kind(&self) -> Option<BackendKind>;

    /// Builds it, once for many connections.
    fn ready(&self, setup: &Setup) -> Result<Box<dyn Ready>, BuildError>;
}

/// One end, built.
pub trait Ready: Sync {
    /// Shakes hands over the socket, says [`MESSAGE`], and listens until it has heard as much.
    fn run(&self, socket: TcpStream) -> Seen;
}

pub type Ends = Vec<Box<dyn End>>;

/// Facades as clients, of every backend.
pub fn clients() -> Ends {
    of_every_kind(|kind| with_client_backend!(kind, |backend| facade::client(backend)))
}

/// Facades as servers, of every backend that can be one.
pub fn servers() -> Ends {
    of_every_kind(|kind| with_server_backend!(kind, |backend| facade::server(backend)))
}

/// [`clients`] over tokio.
#[cfg(feature = "tokio")]
pub fn async_clients() -> Ends {
    of_every_kind(|kind| with_client_backend!(kind, |backend| tokio::client(backend)))
}

/// [`servers`] over tokio.
#[cfg(feature = "tokio")]
pub fn async_servers() -> Ends {
    of_every_kind(|kind| with_server_backend!(kind, |backend| tokio::server(backend)))
}

fn of_every_kind(end: impl Fn(BackendKind) -> Option<Box<dyn End>>) -> Ends {
    let ends = BackendKind::ALL.iter().filter_map(|kind| end(*kind));
    ends.collect()
}

/// Raw peers as clients, by the libraries that `wanted` names.
pub fn raw_clients(wanted: &[&str]) -> Ends {
    raw::tools(wanted).map(raw::client).collect()
}

/// Raw peers as servers.
pub fn raw_servers(wanted: &[&str]) -> Ends {
    raw::tools(wanted).map(raw::server).collect()
}

/// Lets the two ends meet over a socket: what the client saw, and what the server saw. Each of them gives up in time.
pub fn meet(client: &dyn Ready, server: &dyn Ready) -> (Seen, Seen) {
    let (near, far) = socket_pair();
    thread::scope(|scope| {
        let served = scope.spawn(|| server.run(far));
        (
            client.run(near),
            served.join().expect("the server panicked"),
        )
    })
}
