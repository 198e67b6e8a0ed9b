//! A peer that was accepted once and would be rejected now is rejected, with its old sessions and
//! without them, whichever library drives the handshake. A peer that is still accepted may resume,
//! where that was asked for.

mod bound;
mod callers;
mod hosts;
mod limits;
mod live;
#[path = "survivors/servers.rs"]
mod our_clients;
#[path = "survivors/matrix.rs"]
mod our_servers;

use std::net::TcpListener;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use time::OffsetDateTime;

use mtls::connection::{ProtocolVersion, Resumption};
use mtls::event::HandshakeOutcome;
use mtls::pki_types::{CertificateDer, UnixTime};
use mtls::{
    ClientBuilder, Event, HandshakeError, MtlsClient, MtlsIdentity, MtlsServer, RejectionReason,
    ServerBuilder, TrustAnchors, VerifierPolicy,
};

use crate::common::pki::{Authority, Credential, Leaf, Validity};
use crate::common::raw::Version;
use callers::{Called, Caller};
use hosts::{Answer, Host, accept_within};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Long enough for what is to be resumed.
const BOUND: Resumption = Resumption::BoundToRevision { max_age: HOUR };

/// The cast: clients and servers are of different CAs, so that either can be taken out of trust by itself.
struct Stage {
    client_ca: Authority,
    server_ca: Authority,
    /// Proves no certificate here.
    spare_ca: Authority,
    /// Expires in two days.
    alice: Credential,
    bob: Credential,
    server: Credential,
    clock: Clock,
    received: Received,
}

/// The time that certificates are verified by: the real one, and what it was moved by.
#[derive(Clone, Debug, Default)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    fn pass(&self, time: Duration) {
        self.0.fetch_add(time.as_secs(), Ordering::SeqCst);
    }

    fn read(&self) -> impl Fn() -> UnixTime + Send + Sync + 'static {
        let ahead = Arc::clone(&self.0);
        move || {
            let now = UnixTime::now().as_secs() + ahead.load(Ordering::SeqCst);
            UnixTime::since_unix_epoch(Duration::from_secs(now))
        }
    }
}

impl Stage {
    fn set() -> Self {
        let client_ca = Authority::named("Clients' Root");
        let server_ca = Authority::named("Servers' Root");
        let client = |name: &str, validity| {
            let leaf = Leaf::named(name).dns(&format!("{name}.test")).client();
            leaf.validity(validity).issued_by(&client_ca)
        };
        let server = Leaf::named("server").dns("localhost").ip("127.0.0.1");
        let soon = Validity {
            not_before: (OffsetDateTime::now_utc() - time::Duration::HOUR).into(),
            not_after: (OffsetDateTime::now_utc() + time::Duration::days(2)).into(),
        };
        Self {
            alice: client("alice", soon),
            bob: client("bob", Validity::current()),
            server: server.server().issued_by(&server_ca),
            spare_ca: Authority::named("Spare Root"),
            client_ca,
            server_ca,
            clock: Clock::default(),
            received: Received::default(),
        }
    }

    /// A server that accepts every client of the clients' CA.
    fn server(&self, version: Version) -> ServerBuilder {
        MtlsServer::builder()
            .identity(identity(&self.server))
            .trust_anchors(anchors(&[&self.client_ca, &self.spare_ca]))
            .policy(VerifierPolicy::allow_any_authenticated())
            .protocol_versions([speaks(version)])
            .clock(self.clock.read())
            .observer(self.received.observer())
    }

    /// A client that takes every server of the servers' CA.
    fn client(&self, version: Version, credential: &Credential) -> ClientBuilder {
        MtlsClient::builder()
            .identity(identity(credential))
            .trust_anchors(anchors(&[&self.server_ca, &self.spare_ca]))
            .protocol_versions([speaks(version)])
            .clock(self.clock.read())
            .observer(self.received.observer())
    }

    /// The reasons of the rejections that the observer received since the last call.
    fn reported(&self) -> Vec<RejectionReason> {
        std::mem::take(&mut self.received.0.lock().unwrap().rejected)
    }

    /// How many peers would have been rejected by the shadow policy.
    fn reported_by_shadow(&self) -> usize {
        std::mem::take(&mut self.received.0.lock().unwrap().shadowed)
    }
}

/// What an observer hears of peers.
#[derive(Clone, Debug, Default)]
struct Received(Arc<Mutex<Rejections>>);

#[derive(Debug, Default)]
struct Rejections {
    rejected: Vec<RejectionReason>,
    shadowed: usize,
}

impl Received {
    fn observer(&self) -> impl Fn(&Event<'_>) + Send + Sync + 'static {
        let rejections = Arc::clone(&self.0);
        move |event| match event {
            Event::Handshake(handshake) => {
                if let HandshakeOutcome::Failed(HandshakeError::Rejected(rejection)) =
                    handshake.outcome
                {
                    rejections.lock().unwrap().rejected.push(rejection.reason());
                }
            }
            Event::PeerVerified {
                verdict: Err(rejection),
                ..
            } => rejections.lock().unwrap().rejected.push(rejection.reason()),
            Event::ShadowRejected { .. } => rejections.lock().unwrap().shadowed += 1,
            _ => {}
        }
    }
}

fn identity(credential: &Credential) -> MtlsIdentity {
    MtlsIdentity::from_der(credential.chain.clone(), credential.key.secret_pkcs8_der()).unwrap()
}

fn anchors(authorities: &[&Authority]) -> TrustAnchors {
    let certificates = authorities.iter().map(|ca| ca.certificate());
    TrustAnchors::from_der(certificates.collect::<Vec<CertificateDer<'_>>>()).unwrap()
}

fn speaks(version: Version) -> ProtocolVersion {
    match version {
        Version::Tls12 => ProtocolVersion::Tls12,
        Version::Tls13 => ProtocolVersion::Tls13,
    }
}

/// Lets a client call a server: what the server saw, and what the client saw.
fn meet(host: &Host, caller: &dyn Caller) -> (Answer, Called) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::scope(|scope| {
        let answer = scope.spawn(|| host(accept_within(&listener)));
        let called = caller.call(address);
        (answer.join().expect("the server panicked"), called)
    })
}

/// They meet, the server sees this client, and both have a full handshake or both resume.
#[track_caller]
fn assert_accepted(host: &Host, caller: &dyn Caller, credential: &Credential, resumed: bool) {
    let (answer, called) = meet(host, caller);
    let what = format!("{caller:?}: {answer:?}, {called:?}");
    assert_eq!(answer.error, None, "{what}");
    assert_eq!(
        answer.leaf.as_deref(),
        Some(credential.leaf().as_ref()),
        "{what}"
    );
    assert!(called.received, "{what}");
    assert_eq!(
        (answer.resumed, called.resumed),
        (resumed, resumed),
        "{what}"
    );
}

/// The server rejects this client, which gets no application data.
#[track_caller]
fn assert_rejected(host: &Host, caller: &dyn Caller) {
    let (answer, called) = meet(host, caller);
    let what = format!("{caller:?}: {answer:?}, {called:?}");
    assert!(answer.error.is_some(), "{what}");
    assert_eq!((answer.leaf, called.received), (None, false), "{what}");
    assert!(!answer.resumed && !called.resumed, "{what}");
}
