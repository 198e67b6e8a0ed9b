//! Clients of every kind, and a server whose handshakes end in every way.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test target compiles this file for itself and uses a part of it"
)]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::connection::{ConnectionContext, ProtocolVersion};
use mtls::{
    ClientBuilder, MtlsClient, MtlsIdentity, MtlsServer, MtlsStream, PeerIdentity, PeerMatcher,
    RejectionReason, Rustls, ServerBuilder, TrustAnchors, VerifierPolicy,
};
use tokio::runtime::Runtime;

use super::common::pki::{Authority, Cast, Credential, Leaf, Validity};
use super::common::raw::{Peer, Version, tools};

/// Much longer than anything here takes.
pub const LIMIT: Duration = Duration::from_secs(20);

pub fn identity(credential: &Credential) -> MtlsIdentity {
    MtlsIdentity::from_der(credential.chain.clone(), credential.key.secret_pkcs8_der()).unwrap()
}

pub fn anchors(authority: &Authority) -> TrustAnchors {
    TrustAnchors::from_der([authority.certificate()]).unwrap()
}

pub fn client(cast: &Cast) -> ClientBuilder {
    MtlsClient::builder()
        .identity(identity(&cast.alice))
        .trust_anchors(anchors(&cast.root))
}

pub fn server(cast: &Cast) -> ServerBuilder {
    MtlsServer::builder()
        .identity(identity(&cast.server))
        .trust_anchors(anchors(&cast.root))
        .policy(VerifierPolicy::allow_any_authenticated())
}

pub fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    near.set_read_timeout(Some(LIMIT)).unwrap();
    (near, listener.accept().unwrap().0)
}

/// What a client does, and what becomes of its handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    AcceptedBy12,
    AcceptedBy13,
    NotAuthorized,
    UnknownIssuer,
    Expired,
    NoCertificate,
    /// The client rejects the server.
    Rejecting,
    Silent,
    PlainHttp,
    HangsUp,
    OtherProtocol,
    /// The server gives the handshake up. Asynchronous ones alone can be.
    GivenUp,
}

pub const KINDS: [Kind; 12] = [
    Kind::AcceptedBy12,
    Kind::AcceptedBy13,
    Kind::NotAuthorized,
    Kind::UnknownIssuer,
    Kind::Expired,
    Kind::NoCertificate,
    Kind::Rejecting,
    Kind::Silent,
    Kind::PlainHttp,
    Kind::HangsUp,
    Kind::OtherProtocol,
    Kind::GivenUp,
];

impl Kind {
    /// The names of the outcome, and of the reason.
    pub fn expected(self) -> (&'static str, Option<RejectionReason>) {
        match self {
            Self::AcceptedBy12 | Self::AcceptedBy13 => ("accepted", None),
            Self::NotAuthorized => ("rejected", Some(RejectionReason::NotAuthorized)),
            Self::UnknownIssuer => ("rejected", Some(RejectionReason::UnknownIssuer)),
            Self::Expired => ("rejected", Some(RejectionReason::Expired)),
            Self::NoCertificate => ("rejected", Some(RejectionReason::NoCertificate)),
            Self::Rejecting => ("rejected_by_peer", None),
            Self::Silent => ("timed_out", None),
            Self::PlainHttp => ("not_tls", None),
            Self::HangsUp => ("transport_error", None),
            Self::OtherProtocol => ("no_common_protocol", None),
            Self::GivenUp => ("cancelled", None),
        }
    }
}

/// The clients of every kind.
pub struct Callers {
    pub cast: Cast,
    pub bob: Credential,
    pub expired: Credential,
}

impl Callers {
    pub fn new() -> Self {
        let cast = Cast::assemble();
        let leaf = |name: &str| Leaf::named(name).dns(&format!("{name}.test")).client();
        let bob = leaf("bob").issued_by(&cast.intermediate);
        let expired = leaf("alice")
            .validity(Validity::expired())
            .issued_by(&cast.intermediate);
        Self {
            bob: bob.with(&cast.intermediate),
            expired: expired.with(&cast.intermediate),
            cast,
        }
    }

    /// Plays a client until the server is done with it.
    pub fn call(&self, kind: Kind, tcp: TcpStream) {
        match kind {
            Kind::AcceptedBy12 => self.talk(self.builder(ProtocolVersion::Tls12), tcp),
            Kind::AcceptedBy13 => self.talk(self.builder(ProtocolVersion::Tls13), tcp),
            Kind::NotAuthorized => self.as_if(&self.bob, tcp),
            Kind::UnknownIssuer => self.as_if(&self.cast.mallory, tcp),
            Kind::Expired => self.as_if(&self.expired, tcp),
            Kind::NoCertificate => {
                let anonymous = Peer::new(Version::Tls13).alpn(&["h2"]);
                tools().swap_remove(0).call_over(tcp, anonymous).outcome();
            }
            Kind::Rejecting => {
                let builder = self.builder(ProtocolVersion::Tls12);
                self.talk(builder.trust_anchors(anchors(&self.cast.impostor)), tcp);
            }
            Kind::Silent | Kind::GivenUp => drain(&tcp),
            Kind::PlainHttp => {
                (&tcp).write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
                drain(&tcp);
            }
            Kind::HangsUp => tcp.shutdown(Shutdown::Both).unwrap(),
            Kind::OtherProtocol => {
                let builder = self.builder(ProtocolVersion::Tls13);
                self.talk(builder.alpn(["smtp"]), tcp);
            }
        }
    }

    fn builder(&self, version: ProtocolVersion) -> ClientBuilder {
        client(&self.cast).protocol_versions([version]).alpn(["h2"])
    }

    fn as_if(&self, credential: &Credential, tcp: TcpStream) {
        let builder = self.builder(ProtocolVersion::Tls13);
        self.talk(builder.identity(identity(credential)), tcp);
    }

    /// Whether it succeeds is the server's affair.
    fn talk(&self, builder: ClientBuilder, tcp: TcpStream) {
        let client = builder.build(Rustls::default()).unwrap();
        if let Ok(mut stream) = client.connect("localhost", tcp) {
            stream.read_to_end(&mut Vec::new()).ok();
            stream.close().ok();
        }
    }
}

fn drain(mut tcp: &TcpStream) {
    tcp.read_to_end(&mut Vec::new()).ok();
}

/// Serves one connection.
pub fn serve<B: ServerBackend>(server: &MtlsServer<B>, kind: Kind, tcp: TcpStream, is_async: bool) {
    if is_async || kind == Kind::GivenUp {
        return RUNTIME.with(|runtime| runtime.block_on(serve_async(server, kind, tcp)));
    }
    if let Ok(mut stream) = server.accept(tcp) {
        stream.write_all(b"welcome").unwrap();
        stream.close().unwrap();
    }
}

async fn serve_async<B: ServerBackend>(server: &MtlsServer<B>, kind: Kind, tcp: TcpStream) {
    use tokio::io::AsyncWriteExt;
    let from = tcp.peer_addr().unwrap();
    tcp.set_nonblocking(true).unwrap();
    let tcp = tokio::net::TcpStream::from_std(tcp).unwrap();
    let server = server.with_context(ConnectionContext::new().remote_addr(from));
    let accepting = server.accept_async(tcp);
    if kind == Kind::GivenUp {
        let given_up = tokio::time::timeout(Duration::from_millis(2), accepting).await;
        assert!(given_up.is_err());
        return;
    }
    if let Ok(mut stream) = accepting.await {
        stream.write_all(b"welcome").await.unwrap();
        stream.shutdown().await.unwrap();
    }
}

thread_local! {
    static RUNTIME: Runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
}

/// Lets each kind of client call `each` times; returns the clients' addresses.
pub fn play<B: ServerBackend>(
    callers: &Callers,
    server: &MtlsServer<B>,
    is_async: bool,
    each: usize,
) -> Vec<SocketAddr> {
    // A handshake under load must not time out: few at a time, but all the silent ones.
    let addresses = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let addresses = &addresses;
        let run = move |kind: Kind| {
            let (near, far) = pair();
            addresses.lock().unwrap().push(near.local_addr().unwrap());
            thread::scope(|scope| {
                scope.spawn(|| callers.call(kind, near));
                serve(server, kind, far, is_async);
            });
        };
        scope.spawn(move || (0..each).for_each(|_| run(Kind::Silent)));
        scope.spawn(move || {
            for _ in 0..each {
                let others = KINDS.iter().filter(|kind| **kind != Kind::Silent);
                others.for_each(|kind| run(*kind));
            }
        });
    });
    addresses.into_inner().unwrap()
}

/// A server that tells all kinds of clients apart.
pub fn strict_server(callers: &Callers) -> ServerBuilder {
    server(&callers.cast)
        .policy(VerifierPolicy::allow(
            PeerMatcher::dns("alice.test").unwrap(),
        ))
        .alpn(["h2"])
        .handshake_timeout(Duration::from_millis(400))
}

/// How many handshakes of each kind, backend and mode.
pub fn each() -> usize {
    let asked = std::env::var("MTLS_EVENT_HANDSHAKES");
    let all = asked.map_or(192, |number| number.parse().unwrap());
    all / (4 * KINDS.len())
}

pub type Stream<B> = MtlsStream<TcpStream, PeerIdentity, B>;

/// Two ends that have spoken to each other.
pub fn meet<C: ClientBackend, S: ServerBackend>(
    client: &MtlsClient<C>,
    server: &MtlsServer<S>,
) -> (Stream<C>, Stream<S>) {
    let (near, far) = pair();
    thread::scope(|scope| {
        let served = scope.spawn(|| {
            let mut stream = server.accept(far).unwrap();
            stream.read_exact(&mut [0]).unwrap();
            stream.write_all(b"1").unwrap();
            stream
        });
        let mut stream = client.connect("localhost", near).unwrap();
        stream.write_all(b"1").unwrap();
        stream.read_exact(&mut [0]).unwrap();
        (stream, served.join().unwrap())
    })
}

/// Until `condition` holds, within the limit.
#[track_caller]
pub fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < LIMIT, "never: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}
