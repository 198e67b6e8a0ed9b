//! Connections that outlive the revision that accepted them: reported, closed, and left open where
//! they should be.

mod alone;
mod asynchronous;
mod blocking;
mod clients;
mod handles;
mod many;
mod reporting;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use mtls::RejectionReason::{self, Expired, NotAuthorized, UnknownIssuer};
use mtls::backend::Backend;
use mtls::backend::{ClientBackend, ServerBackend};
use mtls::connection::{LiveConnections, ProtocolVersion};
use mtls::pki_types::{CertificateRevocationListDer, UnixTime};
use mtls::policy::RevocationDepth;
use mtls::rotation::SelfTrust;
use mtls::{
    ClientBuilder, Event, MtlsClient, MtlsIdentity, MtlsServer, MtlsStream, PeerIdentity,
    PeerMatcher, RevocationLists, RevocationRules, Rotation, Rustls, ServerBuilder, TrustAnchors,
    VerifierPolicy,
};

use crate::common::pki::crl::Crl;
use crate::common::pki::{Authority, Cast, Credential};
use crate::common::raw::{LIMIT, socket_pair};

const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::Tls12, ProtocolVersion::Tls13];

/// What a peer's reason to be here ends by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    AnchorRemoved,
    Expired,
    PolicyNarrowed,
    Revoked,
}

impl Cause {
    const ALL: [Self; 4] = [
        Self::AnchorRemoved,
        Self::Expired,
        Self::PolicyNarrowed,
        Self::Revoked,
    ];

    fn reason(self) -> RejectionReason {
        match self {
            Self::AnchorRemoved => UnknownIssuer,
            Self::Expired => Expired,
            Self::PolicyNarrowed => NotAuthorized,
            Self::Revoked => RejectionReason::Revoked,
        }
    }
}

/// Everyone, a clock, and what the observers hear.
struct Stage {
    cast: Cast,
    /// Seconds that the clock is ahead.
    ahead: Arc<AtomicU64>,
    received: Arc<Mutex<Vec<(String, RejectionReason)>>>,
}

impl Stage {
    fn new() -> Self {
        Self {
            cast: Cast::assemble(),
            ahead: Arc::default(),
            received: Arc::default(),
        }
    }

    fn server(&self, version: ProtocolVersion, setting: LiveConnections) -> ServerBuilder {
        MtlsServer::builder()
            .identity(identity(&self.cast.server))
            .trust_anchors(anchors(&[&self.cast.root]))
            .policy(self.policy(everyone()))
            .revocation_lists(self.lists(None))
            .self_trust(SelfTrust::Skip)
            .protocol_versions([version])
            .clock(self.clock())
            .observer(self.observer())
            .live_connections(setting)
    }

    /// Without revocation rules, which native-tls does not take.
    fn client(&self, version: ProtocolVersion, setting: LiveConnections) -> ClientBuilder {
        MtlsClient::builder()
            .identity(identity(&self.cast.alice))
            .trust_anchors(anchors(&[&self.cast.root]))
            .self_trust(SelfTrust::Skip)
            .protocol_versions([version])
            .clock(self.clock())
            .observer(self.observer())
            .live_connections(setting)
    }

    fn clock(&self) -> impl Fn() -> UnixTime + Send + Sync + 'static {
        let ahead = self.ahead.clone();
        move || {
            let ahead = Duration::from_secs(ahead.load(Ordering::SeqCst));
            UnixTime::since_unix_epoch(Duration::from_secs(UnixTime::now().as_secs()) + ahead)
        }
    }

    /// Past the end of everything.
    fn advance(&self) {
        self.ahead.store(400 * 24 * 3600, Ordering::SeqCst);
    }

    fn observer(&self) -> impl Fn(&Event<'_>) + Send + Sync + 'static {
        let received = self.received.clone();
        move |event| {
            if let Event::ConnectionEnding {
                connection, reason, ..
            } = event
            {
                let (peer, rejection) = (connection.peer().unwrap(), reason.rejection().unwrap());
                let reported = (peer.to_string(), rejection.reason());
                received.lock().unwrap().push(reported);
            }
        }
    }

    fn received(&self) -> Vec<(String, RejectionReason)> {
        self.received.lock().unwrap().clone()
    }

    fn policy(&self, matcher: PeerMatcher) -> VerifierPolicy {
        VerifierPolicy::allow(matcher).revocation(RevocationRules::require(RevocationDepth::Leaf))
    }

    /// Current lists, with a leaf on them.
    fn lists(&self, revoked: Option<&Credential>) -> RevocationLists {
        let mut list = Crl::new().number(&[2]);
        if let Some(revoked) = revoked {
            list = Crl::new().number(&[3]).lists(revoked.leaf());
        }
        let lists: Vec<CertificateRevocationListDer<'static>> =
            vec![list.signed_by(&self.cast.intermediate)];
        RevocationLists::from_der(lists).unwrap()
    }

    /// What ends it, where it takes a rotation. `policy` is the end's own form of one.
    fn rotation(
        &self,
        cause: Cause,
        peer: &Credential,
        policy: impl Fn(PeerMatcher) -> VerifierPolicy,
    ) -> Option<Rotation> {
        let rotation = Rotation::new();
        match cause {
            Cause::AnchorRemoved => Some(rotation.trust_anchors(anchors(&[&self.cast.impostor]))),
            Cause::PolicyNarrowed => {
                let other = PeerMatcher::dns("other.test").unwrap();
                Some(rotation.policy(policy(other)))
            }
            Cause::Revoked => Some(rotation.revocation_lists(self.lists(Some(peer)))),
            Cause::Expired => None,
        }
    }

    /// Ends it at a server.
    fn strike<B: ServerBackend>(&self, server: &MtlsServer<B>, cause: Cause) {
        match self.rotation(cause, &self.cast.alice, |m| self.policy(m)) {
            Some(rotation) => drop(server.handle().rotate(rotation).unwrap()),
            None => self.advance(),
        }
    }
}

fn everyone() -> PeerMatcher {
    PeerMatcher::any_authenticated()
}

fn identity(credential: &Credential) -> MtlsIdentity {
    MtlsIdentity::from_der(credential.chain.clone(), credential.key.secret_pkcs8_der()).unwrap()
}

fn anchors(authorities: &[&Authority]) -> TrustAnchors {
    let certificates = authorities.iter().map(|authority| authority.certificate());
    TrustAnchors::from_der(certificates.collect::<Vec<_>>()).unwrap()
}

/// A client that is not what the test is about, and verifies by the system's clock.
fn alice(stage: &Stage) -> MtlsClient<Rustls> {
    plain_client(stage, &stage.cast.alice)
}

fn plain_client(stage: &Stage, credential: &Credential) -> MtlsClient<Rustls> {
    MtlsClient::builder()
        .identity(identity(credential))
        .trust_anchors(anchors(&[&stage.cast.root]))
        .build(Rustls::default())
        .unwrap()
}

/// The same for a server.
fn plain_server(stage: &Stage) -> MtlsServer<Rustls> {
    MtlsServer::builder()
        .identity(identity(&stage.cast.server))
        .trust_anchors(anchors(&[&stage.cast.root]))
        .policy(VerifierPolicy::allow_any_authenticated())
        .build(Rustls::default())
        .unwrap()
}

type Stream<B> = MtlsStream<TcpStream, PeerIdentity, B>;

/// Two ends that have spoken to each other. No read or write of theirs lasts longer than [`LIMIT`].
fn meet<C: ClientBackend, S: ServerBackend>(
    client: &MtlsClient<C>,
    server: &MtlsServer<S>,
) -> (Stream<C>, Stream<S>) {
    let (near, far) = socket_pair();
    thread::scope(|scope| {
        let served = scope.spawn(|| {
            let mut stream = server.accept(far).unwrap();
            let mut hello = [0; 5];
            stream.read_exact(&mut hello).unwrap();
            stream.write_all(&hello).unwrap();
            stream.flush().unwrap();
            stream
        });
        let mut stream = client.connect("localhost", near).unwrap();
        let mut hello = *b"hello";
        stream.write_all(&hello).unwrap();
        stream.flush().unwrap();
        stream.read_exact(&mut hello).unwrap();
        (stream, served.join().unwrap())
    })
}

/// That bytes go both ways.
fn assert_talks<C: Backend, S: Backend>(client: &mut Stream<C>, server: &mut Stream<S>) {
    let mut word = [0; 4];
    client.write_all(b"ping").unwrap();
    client.flush().unwrap();
    server.read_exact(&mut word).unwrap();
    assert_eq!(&word, b"ping");
    server.write_all(b"pong").unwrap();
    server.flush().unwrap();
    client.read_exact(&mut word).unwrap();
    assert_eq!(&word, b"pong");
}

/// That the other end has closed, well or badly, within the limit.
fn assert_ends(mut stream: impl Read) {
    let mut rest = Vec::new();
    let began = Instant::now();
    // What comes out is up to the library; that it ends is not.
    let _ = stream.read_to_end(&mut rest);
    assert_eq!(rest, b"");
    assert!(
        began.elapsed() < LIMIT,
        "the connection was not closed: the read timed out"
    );
}

/// That a stream's error is the rejection.
#[track_caller]
fn assert_aborted<T>(result: std::io::Result<T>, reason: RejectionReason) {
    let Err(error) = result else {
        panic!("it can still be used");
    };
    assert_eq!(
        error.kind(),
        std::io::ErrorKind::ConnectionAborted,
        "{error}"
    );
    let inside = mtls::HandshakeError::find(&error).expect("no reason inside");
    assert_eq!(inside.rejection().expect("no rejection").reason(), reason);
}

/// Until `condition` holds, within the limit.
#[track_caller]
fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < LIMIT, "never: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

macro_rules! on_every_server {
    ($test:ident) => {
        for version in $crate::live::VERSIONS {
            $test::<mtls::Rustls>(version);
            #[cfg(feature = "openssl")]
            $test::<mtls::OpenSsl>(version);
        }
    };
}
use on_every_server;
