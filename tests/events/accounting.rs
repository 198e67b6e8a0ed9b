//! The observer accounts for every connection: one event for each handshake, however it ends.
//!
//! A few hundred handshakes run with the other tests; `MTLS_EVENT_HANDSHAKES=10000` runs that many.

use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mtls::backend::ServerBackend;
use mtls::connection::{ConnectionContext, ConnectionId, ProtocolVersion, Side};
use mtls::event::HandshakeOutcome;
use mtls::{
    ClientBuilder, Event, HandshakeError, MtlsServer, OpenSsl, PeerMatcher, RejectionReason,
    Rustls, VerifierPolicy,
};
use tokio::runtime::Runtime;

use super::common::pki::{Cast, Credential, Leaf, Validity};
use super::common::raw::{Peer, Version, tools};
use super::{anchors, client, identity, pair};

/// What a client does, and what becomes of its handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
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

const KINDS: [Kind; 12] = [
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
    fn expected(self) -> (&'static str, Option<RejectionReason>) {
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
struct Callers {
    cast: Cast,
    bob: Credential,
    expired: Credential,
}

impl Callers {
    fn new() -> Self {
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
    fn call(&self, kind: Kind, tcp: TcpStream) {
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

type Outcome = (String, Option<RejectionReason>);

/// What the observer has counted.
#[derive(Default)]
struct Counted {
    outcomes: HashMap<Outcome, usize>,
    addresses: BTreeMap<ConnectionId, Option<SocketAddr>>,
    accepted: Vec<ConnectionId>,
    ended: Vec<ConnectionId>,
}

impl Counted {
    fn see(&mut self, event: &Event<'_>) {
        match event {
            Event::Handshake(handshake) => {
                assert_eq!((handshake.side, handshake.revision), (Side::Server, 1));
                let known = self
                    .addresses
                    .insert(handshake.connection, handshake.remote_addr);
                assert!(known.is_none(), "one number for two connections");
                let reason = match handshake.outcome {
                    HandshakeOutcome::Failed(HandshakeError::Rejected(rejection)) => {
                        Some(rejection.reason())
                    }
                    HandshakeOutcome::Accepted(info) => {
                        assert_eq!(info.id(), handshake.connection);
                        self.accepted.push(info.id());
                        None
                    }
                    _ => None,
                };
                let outcome = (handshake.outcome.as_str().to_owned(), reason);
                *self.outcomes.entry(outcome).or_default() += 1;
            }
            Event::ConnectionEnded { connection, .. } => self.ended.push(connection.id()),
            other => panic!("{other:?}"),
        }
    }
}

/// Serves one connection; returns the client's address.
fn serve<B: ServerBackend>(server: &MtlsServer<B>, kind: Kind, tcp: TcpStream, is_async: bool) {
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

fn everything_is_counted<B: ServerBackend>(backend: B, is_async: bool, each: usize) {
    let callers = Callers::new();
    let counted = Arc::new(Mutex::new(Counted::default()));
    let seen = Arc::clone(&counted);
    let server = super::server(&callers.cast)
        .policy(VerifierPolicy::allow(
            PeerMatcher::dns("alice.test").unwrap(),
        ))
        .alpn(["h2"])
        .handshake_timeout(Duration::from_millis(400))
        .observer(move |event| seen.lock().unwrap().see(event))
        .build(backend)
        .unwrap();
    // A handshake under load must not time out: few at a time, but all the silent ones.
    let addresses = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let (server, callers, addresses) = (&server, &callers, &addresses);
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
    let counted = counted.lock().unwrap();
    let mut expected: HashMap<Outcome, usize> = HashMap::new();
    for kind in KINDS {
        let (outcome, reason) = kind.expected();
        *expected.entry((outcome.to_owned(), reason)).or_default() += each;
    }
    assert_eq!(counted.outcomes, expected);
    let mut known: Vec<_> = counted.addresses.values().map(|a| a.unwrap()).collect();
    let mut addresses = addresses.into_inner().unwrap();
    // A client that has hung up has no address any more.
    known.sort_unstable();
    addresses.sort_unstable();
    assert_eq!(known, addresses);
    let (mut accepted, mut ended) = (counted.accepted.clone(), counted.ended.clone());
    accepted.sort_unstable();
    ended.sort_unstable();
    assert_eq!((accepted.len(), &accepted), (2 * each, &ended));
}

/// How many handshakes of each kind, backend and mode.
fn each() -> usize {
    let asked = std::env::var("MTLS_EVENT_HANDSHAKES");
    let all = asked.map_or(192, |number| number.parse().unwrap());
    all / (4 * KINDS.len())
}

#[test]
fn every_handshake_is_counted_once_on_rustls() {
    everything_is_counted(Rustls::default(), false, each());
    everything_is_counted(Rustls::default(), true, each());
}

#[test]
fn every_handshake_is_counted_once_on_openssl() {
    everything_is_counted(OpenSsl::default(), false, each());
    everything_is_counted(OpenSsl::default(), true, each());
}
