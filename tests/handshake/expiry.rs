//! Peers whose certificate is valid when it is verified, and no longer when the handshake is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::pki_types::UnixTime;
use mtls::{
    HandshakeError, MtlsClient, MtlsServer, PeerMatcher, RejectionReason as Reason, VerifierPolicy,
};

use crate::common::backends::{with_client_backend, with_server_backend};
use crate::common::ends::Setup;
use crate::common::ends::facade::{Notes, client_builder, server_builder};
use crate::common::pki::Cast;
use crate::common::raw::{Peer, Tool, Version, socket_pair, tools};

/// Certificates of the cast are valid from an hour ago for thirty days.
const AFTER_ITS_END: i64 = 31 * 24 * 3600;
const BEFORE_ITS_START: i64 = -2 * 3600;
const WITHIN: i64 = 24 * 3600;

#[test]
fn the_server_s_certificate() {
    for (jump, expected) in [
        (AFTER_ITS_END, Some(Reason::Expired)),
        (BEFORE_ITS_START, Some(Reason::NotYetValid)),
        (WITHIN, None),
    ] {
        for kind in mtls::backend::BackendKind::ALL {
            let _: Option<()> =
                with_client_backend!(kind, |backend| assert_clients_say(&backend, jump, expected));
        }
    }
}

#[test]
fn the_client_s_certificate() {
    for (jump, expected) in [
        (AFTER_ITS_END, Some(Reason::Expired)),
        (BEFORE_ITS_START, Some(Reason::NotYetValid)),
        (WITHIN, None),
    ] {
        for kind in mtls::backend::BackendKind::ALL {
            let _: Option<()> =
                with_server_backend!(kind, |backend| assert_servers_say(&backend, jump, expected));
        }
    }
}

fn assert_clients_say<B: ClientBackend + Default>(_: &B, jump: i64, expected: Option<Reason>) {
    each_peer(|cast, version, tool| {
        let clock = JumpingClock::new(jump);
        let setup = Setup {
            version,
            policy: clock.policy(),
            ..Setup::new(&cast.alice, &cast.root)
        };
        let builder = client_builder(&setup, &Notes::default()).clock(clock.read());
        let client: MtlsClient<B> = builder.build(B::default()).unwrap();
        let (near, far) = socket_pair();
        let peer = tool.serve_over(far, Peer::new(version).presents(&cast.server));
        let verdict = client.connect("localhost", near).map(drop);
        assert_verdict(verdict, expected, &clock, B::KIND);
        peer.outcome();
    });
}

fn assert_servers_say<B: ServerBackend + Default>(_: &B, jump: i64, expected: Option<Reason>) {
    each_peer(|cast, version, tool| {
        let clock = JumpingClock::new(jump);
        let setup = Setup {
            version,
            policy: clock.policy(),
            ..Setup::new(&cast.server, &cast.root)
        };
        let builder = server_builder(&setup, &Notes::default()).clock(clock.read());
        let server: MtlsServer<B> = builder.build(B::default()).unwrap();
        let (near, far) = socket_pair();
        let peer = tool.call_over(near, Peer::new(version).presents(&cast.alice));
        let verdict = server.accept(far).map(drop);
        assert_verdict(verdict, expected, &clock, B::KIND);
        peer.outcome();
    });
}

fn each_peer(meet: impl Fn(&Cast, Version, Tool)) {
    let cast = Cast::assemble();
    for version in Version::ALL {
        for tool in tools() {
            meet(&cast, version, tool);
        }
    }
}

#[track_caller]
fn assert_verdict(
    verdict: Result<(), HandshakeError>,
    expected: Option<Reason>,
    clock: &JumpingClock,
    backend: mtls::backend::BackendKind,
) {
    assert!(clock.has_jumped(), "{backend:?}: the peer was not verified");
    let reason = verdict.map_err(|error| match error.rejection() {
        Some(rejection) => rejection.reason(),
        None => panic!("{backend:?}: {error}"),
    });
    assert_eq!(reason.err(), expected, "{backend:?}");
}

/// A clock that jumps as soon as the policy has accepted the peer for the first time.
#[derive(Clone)]
struct JumpingClock {
    has_jumped: Arc<AtomicBool>,
    seconds: i64,
}

impl JumpingClock {
    fn new(seconds: i64) -> Self {
        let has_jumped = Arc::default();
        Self {
            has_jumped,
            seconds,
        }
    }

    fn policy(&self) -> VerifierPolicy {
        let has_jumped = Arc::clone(&self.has_jumped);
        VerifierPolicy::allow(PeerMatcher::custom("any peer", move |_| {
            has_jumped.store(true, Ordering::SeqCst);
            Ok(())
        }))
    }

    fn read(&self) -> impl Fn() -> UnixTime + Send + Sync + 'static {
        let clock = self.clone();
        move || {
            let now = UnixTime::now().as_secs();
            let jump = if clock.has_jumped() { clock.seconds } else { 0 };
            UnixTime::since_unix_epoch(Duration::from_secs(now.saturating_add_signed(jump)))
        }
    }

    fn has_jumped(&self) -> bool {
        self.has_jumped.load(Ordering::SeqCst)
    }
}
