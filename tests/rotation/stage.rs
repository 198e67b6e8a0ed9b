//! What the suites of rotation share: ends that are rotated, and how two of them meet.

use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::pki_types::{CertificateDer, UnixTime};
use mtls::{
    ClientBuilder, HandshakeError, MtlsClient, MtlsIdentity, MtlsServer, MtlsStream, PeerIdentity,
    RejectionReason, ServerBuilder, TrustAnchors, VerifierPolicy,
};

use crate::common::pki::{Authority, Cast, Credential};
use crate::common::raw::socket_pair;

/// What nothing here takes longer than.
pub const LIMIT: Duration = Duration::from_secs(20);

pub fn identity(credential: &Credential) -> MtlsIdentity {
    let key = credential.key.clone_key();
    let chain = mtls::CertificateChain::from_der(credential.chain.clone()).unwrap();
    MtlsIdentity::new(
        chain,
        mtls::PrivateKey::from_der(key.secret_pkcs8_der()).unwrap(),
    )
    .unwrap()
}

pub fn anchors(authorities: &[&Authority]) -> TrustAnchors {
    let anchors: Vec<CertificateDer<'static>> =
        authorities.iter().map(|ca| ca.certificate()).collect();
    TrustAnchors::from_der(anchors).unwrap()
}

pub fn server_of(cast: &Cast) -> ServerBuilder {
    MtlsServer::builder()
        .identity(identity(&cast.server))
        .trust_anchors(anchors(&[&cast.root]))
        .policy(VerifierPolicy::allow_any_authenticated())
        .handshake_timeout(LIMIT)
}

pub fn client_of(cast: &Cast) -> ClientBuilder {
    MtlsClient::builder()
        .identity(identity(&cast.alice))
        .trust_anchors(anchors(&[&cast.root]))
        .handshake_timeout(LIMIT)
}

pub type Served<B> = Result<MtlsStream<TcpStream, PeerIdentity, B>, HandshakeError>;

/// One connection: what came of it for the client, and for the server.
pub fn meet<C: ClientBackend, S: ServerBackend>(
    client: &MtlsClient<C>,
    server: &MtlsServer<S>,
) -> (Served<C>, Served<S>) {
    let (near, far) = socket_pair();
    thread::scope(|scope| {
        let served = scope.spawn(|| server.accept(far));
        let connected = client.connect("localhost", near);
        (connected, served.join().unwrap())
    })
}

/// Why the server rejected.
pub fn rejection<B: ServerBackend>(served: Served<B>) -> RejectionReason {
    match served {
        Err(HandshakeError::Rejected(rejection)) => rejection.reason(),
        other => panic!(
            "not rejected: {:?}",
            other.map(|stream| stream.peer().to_string())
        ),
    }
}

/// A clock that a test sets.
#[derive(Clone)]
pub struct Clock(Arc<AtomicU64>);

impl Clock {
    /// Shows the time.
    pub fn now() -> Self {
        Self(Arc::new(AtomicU64::new(UnixTime::now().as_secs())))
    }

    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_secs(), Ordering::SeqCst);
    }

    pub fn read(&self) -> impl Fn() -> UnixTime + Send + Sync + 'static {
        let at = Arc::clone(&self.0);
        move || UnixTime::since_unix_epoch(Duration::from_secs(at.load(Ordering::SeqCst)))
    }
}

/// What an observer received, in words.
#[derive(Clone, Default)]
pub struct Received(Arc<Mutex<Vec<String>>>);

impl Received {
    pub fn listen(&self) -> impl Fn(&mtls::Event<'_>) + Send + Sync + 'static {
        let received = Arc::clone(&self.0);
        move |event| received.lock().unwrap().push(format!("{event:?}"))
    }

    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub fn count(&self, what: &str) -> usize {
        self.all().iter().filter(|said| said.contains(what)).count()
    }
}

/// Waits until something is so.
#[track_caller]
pub fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + LIMIT;
    while !is_so() {
        assert!(Instant::now() < until, "never so: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}
