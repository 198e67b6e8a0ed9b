//! Connections under a revision that the registry does not have yet.

use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use pki_types::{CertificateDer, UnixTime};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

use super::next_step::NextStep;
use super::open_connection::{OpenConnection, SharedRegistry};
use super::state::{RegistryState, Verdict};
use super::verification_subject::{VerificationBasis, VerificationSubject};
use crate::backend::{
    ConnectionId, ConnectionInfo, EventSink, KnownPeers, OwnChain, ServingGate, SessionVerifier,
    SourceDeadline,
};
use crate::connection::handle::ConnectionHandle;
use crate::connection::waiters::Waiters;
use crate::current::Current;
use crate::error::BackendKind;
use crate::material::{CertificateChain, TrustAnchors};
use crate::peer::{NameRanges, PeerIdentity, ProvedPath};
use crate::policy::{
    PeerVerifier, Rejection, RejectionReason, SignatureAlgorithms, SignatureMemo, Trust,
    VerifierPolicy,
};
use crate::recent::Recent;
use crate::side::Side;
use crate::x509::Certificate;

const EXPIRES: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(4_000_000_000));

struct Scene {
    shared: Arc<SharedRegistry>,
    certificate: CertificateDer<'static>,
    verifier: Arc<SessionVerifier>,
}

impl Scene {
    fn new() -> Self {
        Self::retiring(None)
    }

    /// Retired connections are closed after `within`.
    fn retiring(within: Option<Duration>) -> Self {
        let mut params = CertificateParams::new(["peer.test".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let certificate = certificate.der().clone();
        let verifier = PeerVerifier::new(
            TrustAnchors::from_der([certificate.clone()]).unwrap(),
            VerifierPolicy::allow_any_authenticated(),
            SignatureAlgorithms::new([]),
        );
        let own = CertificateChain::from_der([certificate.clone()]).unwrap();
        let serving = ServingGate {
            until: None,
            source: Arc::new(SourceDeadline::none()),
        };
        let verifier = Arc::new(SessionVerifier::new(
            verifier.unwrap(),
            None,
            KnownPeers::new(&SignatureMemo::off()),
            OwnChain::new(Side::Server, &own),
            serving,
            Arc::new(UnixTime::now),
            Arc::new(EventSink::new("", None)),
        ));
        let first = basis(&verifier, &certificate, 1);
        let state = RegistryState::new(first.clone(), within);
        Self {
            shared: Arc::new(SharedRegistry {
                newest: Current::new(first),
                state: Mutex::new(state),
                work: Condvar::new(),
            }),
            certificate,
            verifier,
        }
    }

    fn subject(&self, revision: u64) -> VerificationSubject {
        let leaf = Certificate::from_der(&self.certificate).unwrap();
        let path = ProvedPath {
            intermediates: Box::default(),
            anchor: Arc::new(self.certificate.clone()),
            not_before: leaf.not_before,
            not_after: leaf.not_after,
        };
        let chain = std::slice::from_ref(&self.certificate);
        let peer = PeerIdentity::new(
            &leaf,
            NameRanges::default(),
            chain,
            Some(path),
            &Recent::default(),
        );
        VerificationSubject::new(&peer, None, || self.basis(revision))
    }

    fn basis(&self, revision: u64) -> VerificationBasis {
        basis(&self.verifier, &self.certificate, revision)
    }

    /// A connection whose handshake ran under `revision`.
    fn enter(&self, revision: u64) -> ConnectionHandle {
        ConnectionHandle::new(self.open(revision))
    }

    fn open(&self, revision: u64) -> Arc<OpenConnection> {
        let subject = self.subject(revision);
        let info = ConnectionInfo {
            id: ConnectionId::new(1),
            remote_addr: None,
            side: Side::Server,
            backend: BackendKind::Rustls,
            revision,
            peer: Some(subject.peer.clone()),
            session: None,
            opened_at: Instant::now(),
        };
        let group = Some((Arc::new(subject), EXPIRES));
        let mut state = self.shared.state();
        state.enter(revision, revision, group, |subject, place| {
            let (shared, waiters) = (self.shared.clone(), (true, Waiters::default()));
            let connection =
                OpenConnection::tracked(shared, info, subject, place, revision, waiters);
            Arc::new(connection)
        })
    }

    fn revise(&self, revision: u64) {
        let basis = Arc::new(self.basis(revision));
        self.shared.state().revise(basis, false);
    }

    fn retire_by(&self, revision: u64) {
        let basis = Arc::new(self.basis(revision));
        self.shared.state().revise(basis, true);
    }

    /// What the thread does next about retirement.
    fn next_retirement(&self) -> Option<NextStep<OpenConnection>> {
        match self.shared.state().work(Duration::ZERO) {
            step @ (NextStep::Close(_) | NextStep::Retire(..)) => Some(step),
            _ => None,
        }
    }

    /// The revision and the subject to verify next, if there is one.
    fn next(&self) -> Option<(u64, Arc<VerificationSubject>)> {
        loop {
            match self.shared.state().work(Duration::ZERO) {
                NextStep::Verify(subjects, basis) => {
                    if let Some(subject) = subjects.first() {
                        return Some((basis.revision, subject.clone()));
                    }
                }
                _ => return None,
            }
        }
    }

    /// Returns how many connections a verdict rejects.
    fn settle(&self, revision: u64, verdict: Verdict) -> usize {
        let rejected = self.shared.state().settle(revision, vec![verdict]);
        let counts = rejected.iter().map(|(group, _)| group.connections.len());
        counts.sum()
    }
}

fn basis(
    verifier: &Arc<SessionVerifier>,
    anchor: &CertificateDer<'static>,
    revision: u64,
) -> VerificationBasis {
    VerificationBasis {
        revision,
        verifier: verifier.clone(),
        trust: Trust::Anchors(TrustAnchors::from_der([anchor.clone()]).unwrap()),
    }
}

fn rejected() -> Result<UnixTime, Rejection> {
    Err(Rejection::new(RejectionReason::NotAuthorized))
}

#[test]
fn who_came_under_a_later_revision_is_not_verified_by_an_earlier() {
    let scene = Scene::new();
    let old = scene.enter(1);
    scene.revise(2);
    let (by, subject) = scene.next().expect("not verified by the new revision");
    assert_eq!(by, 2);
    // During this verification a third revision is published, but not set yet.
    let new = scene.enter(3);
    assert_eq!(scene.settle(2, (subject, rejected())), 0);
    assert_eq!(scene.shared.state().len(), 2);
    assert!(scene.next().is_none(), "the second would be asked in vain");
    scene.revise(3);
    let (by, subject) = scene.next().expect("not verified again");
    assert_eq!(by, 3);
    // The verdict is that of the revision whose handshake accepted it.
    assert_eq!(scene.settle(3, (subject, rejected())), 2);
    drop((old, new));
}

/// All earlier connections were dropped before the verdict, so that it is the only one.
#[test]
fn who_came_under_a_later_revision_alone_is_not_verified_by_an_earlier() {
    let scene = Scene::new();
    let old = scene.enter(1);
    scene.revise(2);
    let (_, subject) = scene.next().expect("not verified by the new revision");
    drop(old);
    assert_eq!(scene.shared.state().len(), 0);
    let new = scene.enter(3);
    assert_eq!(scene.settle(2, (subject, rejected())), 0);
    scene.revise(3);
    let (by, subject) = scene.next().expect("not verified again");
    assert_eq!(by, 3);
    assert_eq!(scene.settle(3, (subject, Ok(EXPIRES))), 0);
    assert_eq!(scene.shared.state().len(), 1);
    assert!(scene.next().is_none());
    drop(new);
}

#[test]
fn who_came_under_the_revision_that_verifies_is_shut_out_by_it() {
    let scene = Scene::new();
    let old = scene.enter(1);
    scene.revise(2);
    let (_, subject) = scene.next().expect("not verified by the new revision");
    let new = scene.enter(2);
    assert_eq!(scene.settle(2, (subject, rejected())), 2);
    drop((old, new));
}

/// A handshake that began before the revision may end after its connections were retired.
#[test]
fn who_comes_late_under_an_old_revision_is_retired_too() {
    let scene = Scene::retiring(Some(Duration::ZERO));
    let old = scene.enter(1);
    scene.retire_by(2);
    let late = scene.enter(1);
    assert!(
        scene.shared.state().is_pressing(),
        "the thread would sleep on"
    );
    let new = scene.enter(2);
    let Some(NextStep::Retire(retired, 2)) = scene.next_retirement() else {
        panic!("none is retired");
    };
    let ids: Vec<_> = retired.iter().map(|open| open.info.revision).collect();
    assert_eq!(ids, [1, 1]);
    drop(retired);
    let Some(NextStep::Close(closed)) = scene.next_retirement() else {
        panic!("none is closed");
    };
    assert_eq!(closed.len(), 2);
    drop(closed);
    let latest = scene.enter(1);
    assert!(matches!(scene.next_retirement(), Some(NextStep::Retire(one, 2)) if one.len() == 1));
    drop((old, late, new, latest));
    assert_eq!(scene.shared.state().len(), 0);
}

/// Those that have gone leave nothing behind.
#[test]
fn who_has_gone_is_not_retired() {
    let scene = Scene::retiring(Some(Duration::from_secs(3600)));
    drop(scene.enter(1));
    scene.retire_by(2);
    assert!(scene.next_retirement().is_none());
    let kept = scene.enter(1);
    assert!(matches!(scene.next_retirement(), Some(NextStep::Retire(one, 2)) if one.len() == 1));
    assert!(scene.next_retirement().is_none(), "its time is not over");
    drop(kept);
}

/// Streams look without the lock: one that fails for the rejection has to find it recorded.
#[test]
fn who_sees_a_connection_closed_finds_the_rejection() {
    let scene = Scene::new();
    let connections: Vec<_> = (0..2000).map(|_| scene.open(1)).collect();
    let rejection = Rejection::new(RejectionReason::NotAuthorized);
    let (once, missing) = std::thread::scope(|scope| {
        let looking = scope.spawn(|| {
            let is_missing = |connection: &&Arc<OpenConnection>| {
                while connection.closed_for().is_none() {
                    core::hint::spin_loop();
                }
                connection.rejection().is_none()
            };
            connections.iter().filter(is_missing).count()
        });
        let is_once = |connection: &&Arc<OpenConnection>| {
            connection.reject(&rejection).is_some() && connection.reject(&rejection).is_none()
        };
        let once = connections.iter().filter(is_once).count();
        (once, looking.join().unwrap())
    });
    assert_eq!((once, missing), (connections.len(), 0));
}

/// To wake it takes as much time as a part of a handshake.
#[test]
fn the_thread_is_woken_only_if_it_would_be_late() {
    const TICK: Duration = Duration::from_secs(1);
    let scene = Scene::new();
    let has_to_wake = || scene.shared.state().has_to_wake();
    let waits_for = |at_most| scene.shared.state().waits_for(at_most);
    assert!(!has_to_wake(), "it works");
    // With no connection it reads the clock once more, and then waits for one.
    let step = scene.shared.state().work(Duration::ZERO);
    assert!(matches!(step, NextStep::Wait(Some(TICK))));
    waits_for(Some(TICK));
    let first = scene.enter(1);
    assert!(!has_to_wake());
    drop(first);
    assert!(!has_to_wake());
    let step = scene.shared.state().work(TICK * 2);
    assert!(matches!(step, NextStep::Wait(None)));
    waits_for(None);
    assert!(!has_to_wake());
    let second = scene.enter(1);
    assert!(has_to_wake(), "the clock would not be read");
    assert!(!has_to_wake(), "it was asked to");

    waits_for(Some(TICK));
    scene.revise(2);
    assert!(has_to_wake(), "the revision would wait");
    while let Some((revision, subject)) = scene.next() {
        scene.settle(revision, (subject, Ok(EXPIRES)));
    }
    waits_for(Some(TICK));
    assert!(!has_to_wake());
    drop(second);
    waits_for(Some(TICK));
    scene.shared.state().is_over = true;
    assert!(has_to_wake(), "it would end late");
    scene.shared.state().works();
    assert!(!has_to_wake());
}
