//! Our servers: a client that a new revision or the clock rejects gets in by no way, with its old
//! sessions and without.

use std::time::Duration;

use mtls::backend::ClientBackend;
use mtls::connection::Resumption;
use mtls::policy::RevocationDepth;
use mtls::{
    MtlsServer, PeerMatcher, RejectionReason as Reason, RevocationLists, RevocationRules, Rotation,
    Rustls, ServerBuilder, VerifierPolicy,
};

use super::callers::{Caller, Ours, RAW};
use super::hosts::{Driven, Host, accepts, accepts_async};
use super::{BOUND, DAY, Stage, anchors, assert_accepted, assert_rejected, meet};
use crate::common::pki::crl::Crl;
use crate::common::pki::{Authority, Credential};
use crate::common::raw::Version;

/// What shuts alice out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    PolicyNarrowed,
    AnchorRemoved,
    Revoked,
    /// No revision: the time.
    Expired,
}

impl Change {
    const ALL: [Self; 4] = [
        Self::PolicyNarrowed,
        Self::AnchorRemoved,
        Self::Revoked,
        Self::Expired,
    ];

    fn reason(self) -> Reason {
        match self {
            Self::PolicyNarrowed => Reason::NotAuthorized,
            Self::AnchorRemoved => Reason::UnknownIssuer,
            Self::Revoked => Reason::Revoked,
            Self::Expired => Reason::Expired,
        }
    }

    fn prepare(self, stage: &Stage, server: ServerBuilder) -> ServerBuilder {
        if self != Self::Revoked {
            return server;
        }
        let rules = RevocationRules::require(RevocationDepth::Leaf);
        server
            .policy(VerifierPolicy::allow_any_authenticated().revocation(rules))
            .revocation_lists(lists(&stage.client_ca, &Crl::new()))
    }

    fn make<B: Driven>(self, stage: &Stage, server: &MtlsServer<B>) {
        let rotation = match self {
            Self::PolicyNarrowed => {
                let bob = PeerMatcher::dns("bob.test").unwrap();
                Rotation::new().policy(VerifierPolicy::allow(bob))
            }
            Self::AnchorRemoved => Rotation::new().trust_anchors(anchors(&[&stage.spare_ca])),
            Self::Revoked => {
                let list = Crl::new().number(&[2]).lists(stage.alice.leaf());
                Rotation::new().revocation_lists(lists(&stage.client_ca, &list))
            }
            Self::Expired => return stage.clock.pass(DAY * 3),
        };
        assert_eq!(server.handle().rotate(rotation).unwrap(), 2);
    }

    /// Whether a snapshot of the revision before accepts alice still.
    fn spares_snapshots(self) -> bool {
        self != Self::Expired
    }
}

fn lists(issuer: &Authority, list: &Crl) -> RevocationLists {
    RevocationLists::from_der([list.signed_by(issuer)]).unwrap()
}

/// `None` where its program is not here.
type Make = dyn Fn(&Stage, &Credential) -> Option<Box<dyn Caller>>;

/// A client that keeps its sessions, and whether it resumes where it may.
struct SessionClient {
    make: Box<Make>,
    resumes: bool,
}

fn session_clients(version: Version) -> Vec<SessionClient> {
    let raw = RAW.iter().map(|make| SessionClient {
        make: Box::new(move |_, credential| make(version, Some(credential))),
        resumes: true,
    });
    let mut session_clients: Vec<_> = raw.collect();
    session_clients.push(ours(version, Rustls::default, BOUND));
    #[cfg(feature = "openssl")]
    session_clients.push(ours(version, mtls::OpenSsl::default, Resumption::Off));
    session_clients
}

fn ours<B: ClientBackend>(
    version: Version,
    backend: fn() -> B,
    resumption: Resumption,
) -> SessionClient {
    SessionClient {
        make: Box::new(move |stage, credential| {
            let client = stage.client(version, credential).resumption(resumption);
            Some(Box::new(Ours(client.build(backend()).unwrap())))
        }),
        resumes: resumption != Resumption::Off,
    }
}

/// The ways to a server's present revision.
fn ways<B: Driven>(server: &MtlsServer<B>) -> Vec<Host> {
    let mut ways = vec![accepts(server), accepts_async(server), B::snapshot(server)];
    ways.extend(B::live(server));
    ways
}

fn no_client_survives<B: Driven>(version: Version, resumption: Resumption) {
    let ways_of_each = {
        let stage = Stage::set();
        ways(&stage.server(version).build(B::default()).unwrap()).len()
    };
    for change in Change::ALL {
        for client in session_clients(version) {
            for way in 0..ways_of_each {
                rejects::<B>(version, resumption, change, &client, way);
            }
        }
    }
}

fn rejects<B: Driven>(
    version: Version,
    resumption: Resumption,
    change: Change,
    client: &SessionClient,
    way: usize,
) {
    let stage = Stage::set();
    let Some(caller) = (client.make)(&stage, &stage.alice) else {
        return;
    };
    println!(
        "{} {version:?} {resumption:?} {change:?} {caller:?} {way}",
        B::KIND
    );
    let server = stage.server(version).resumption(resumption);
    let server = change.prepare(&stage, server).build(B::default()).unwrap();
    let host = accepts(&server);
    let resumes = resumption != Resumption::Off && client.resumes;
    assert_accepted(&host, &*caller, &stage.alice, false);
    assert_accepted(&host, &*caller, &stage.alice, resumes);
    let (before, live) = (B::snapshot(&server), B::live(&server));
    assert_eq!(stage.reported(), []);

    change.make(&stage, &server);
    let host = &ways(&server)[way];
    // With what he has kept, without, and by what was handed out before.
    let stranger = (client.make)(&stage, &stage.alice).unwrap();
    for caller in [&caller, &stranger] {
        assert_rejected(host, &**caller);
        assert_eq!(stage.reported(), [change.reason()], "reported once");
    }
    if let Some(host) = &live {
        assert_rejected(host, &*caller);
        assert_eq!(stage.reported(), [change.reason()]);
    }
    if change.spares_snapshots() {
        assert_accepted(&before, &*caller, &stage.alice, false);
    } else {
        assert_rejected(&before, &*caller);
    }
    stage.reported();
    // It was about alice.
    if matches!(change, Change::PolicyNarrowed | Change::Revoked) {
        let bob = (client.make)(&stage, &stage.bob).unwrap();
        assert_accepted(host, &*bob, &stage.bob, false);
    }
}

#[test]
fn of_rustls_in_tls12() {
    no_client_survives::<Rustls>(Version::Tls12, Resumption::Off);
}

#[test]
fn of_rustls_in_tls13() {
    no_client_survives::<Rustls>(Version::Tls13, Resumption::Off);
}

#[test]
fn of_bound_sessions_in_tls12() {
    no_client_survives::<Rustls>(Version::Tls12, BOUND);
}

#[test]
fn of_bound_sessions_in_tls13() {
    no_client_survives::<Rustls>(Version::Tls13, BOUND);
}

#[cfg(feature = "openssl")]
#[test]
fn of_openssl() {
    for version in Version::ALL {
        no_client_survives::<mtls::OpenSsl>(version, Resumption::Off);
    }
}

/// A session that was made without a certificate is worth nothing where one is required; nor anything elsewhere.
fn anonymous_sessions_give_no_access<B: Driven>(resumption: Resumption) {
    for version in Version::ALL {
        for make in RAW {
            let stage = Stage::set();
            let Some(caller) = make(version, None) else {
                continue;
            };
            let optional = stage.server(version).resumption(resumption);
            let optional = optional.optional_client_auth().build(B::default()).unwrap();
            let optional = accepts(&optional);
            for _ in 0..3 {
                let (answer, called) = meet(&optional, &*caller);
                assert_eq!((answer.leaf, answer.error), (None, None));
                assert!(called.received && !called.resumed && !answer.resumed);
            }
            let required = stage.server(version).resumption(resumption);
            let required = required.build(B::default()).unwrap();
            for host in [accepts(&required), accepts_async(&required)] {
                for caller in [&caller, &make(version, None).unwrap()] {
                    assert_rejected(&host, &**caller);
                    assert_eq!(stage.reported(), [Reason::NoCertificate]);
                }
            }
            let config = B::snapshot(&required);
            for host in [config].into_iter().chain(B::live(&required)) {
                assert_rejected(&host, &*caller);
            }
        }
    }
}

#[test]
fn anonymous_sessions_on_rustls() {
    anonymous_sessions_give_no_access::<Rustls>(Resumption::Off);
    anonymous_sessions_give_no_access::<Rustls>(BOUND);
}

#[cfg(feature = "openssl")]
#[test]
fn anonymous_sessions_on_openssl() {
    anonymous_sessions_give_no_access::<mtls::OpenSsl>(Resumption::Off);
}

/// A rotation that has nothing to do with alice ends her sessions all the same, and she may make new ones.
#[test]
fn each_revision_begins_with_none() {
    for version in Version::ALL {
        for client in session_clients(version)
            .iter()
            .filter(|client| client.resumes)
        {
            let stage = Stage::set();
            let Some(caller) = (client.make)(&stage, &stage.alice) else {
                continue;
            };
            let server = stage.server(version).resumption(BOUND);
            let server = server.build(Rustls::default()).unwrap();
            let host = accepts(&server);
            assert_accepted(&host, &*caller, &stage.alice, false);
            assert_accepted(&host, &*caller, &stage.alice, true);
            let anchors = anchors(&[&stage.client_ca]);
            server
                .handle()
                .rotate(Rotation::new().trust_anchors(anchors))
                .unwrap();
            stage.clock.pass(Duration::from_secs(1));
            assert_accepted(&host, &*caller, &stage.alice, false);
            assert_accepted(&host, &*caller, &stage.alice, true);
        }
    }
}
