//! Handles: who has one, what they do, and what ends with them.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use mtls::backend::ServerBackend;
use mtls::connection::{ConnectionContext, LiveConnections, ProtocolVersion};
use mtls::pki_types::{ServerName, UnixTime};
use mtls::{
    MtlsServer, PeerIdentity, PeerMatcher, PeerVerifier, RejectionReason, Rotation, Rustls,
    VerifierPolicy,
};

use super::{
    Cause, Stage, alice, anchors, assert_aborted, assert_ends, everyone, meet, on_every_server,
    plain_server, wait_until,
};
use crate::common::pki::Credential;
use crate::common::raw::{LIMIT, Peer, Version, socket_pair, tools};

const TLS13: ProtocolVersion = ProtocolVersion::Tls13;

#[test]
fn connections_are_not_tracked_by_default() {
    let stage = Stage::new();
    let server = plain_server(&stage);
    let (client, served) = meet(&alice(&stage), &server);
    assert!(!client.connection().is_tracked());
    assert!(!served.connection().is_tracked());
    assert_eq!(server.handle().tracked_connections(), 0);
}

#[test]
fn an_anonymous_client_is_not_tracked() {
    let stage = Stage::new();
    let server = stage
        .server(TLS13, LiveConnections::Close)
        .optional_client_auth()
        .build(Rustls::default())
        .unwrap();
    let (near, far) = socket_pair();
    let anonymous = tools()
        .swap_remove(0)
        .call_over(near, Peer::new(Version::Tls13));
    let served = server.accept(far).unwrap();
    assert!(served.peer().is_none());
    assert!(!served.connection().is_tracked());
    assert_eq!(server.handle().tracked_connections(), 0);
    drop(served);
    anonymous.outcome();
    // One that has a certificate is, on the same server.
    let (near, far) = socket_pair();
    let alice = alice(&stage);
    thread::scope(|scope| {
        let connected = scope.spawn(|| alice.connect("localhost", near).unwrap());
        let served = server.accept(far).unwrap();
        assert!(served.connection().is_tracked());
        assert_eq!(server.handle().tracked_connections(), 1);
        connected.join().unwrap();
    });
}

#[test]
fn dropped_handles_are_forgotten() {
    let stage = Stage::new();
    let server = stage.server(TLS13, LiveConnections::Notify);
    let server = server.build(Rustls::default()).unwrap();
    let alice = alice(&stage);
    let mut pairs: Vec<_> = (0..5).map(|_| meet(&alice, &server)).collect();
    assert_eq!(server.handle().tracked_connections(), 5);
    let kept = pairs[0].1.connection().clone();
    let again = kept.clone();
    pairs.clear();
    assert_eq!(server.handle().tracked_connections(), 1);
    drop(again);
    assert_eq!(server.handle().tracked_connections(), 1);
    stage.strike(&server, Cause::PolicyNarrowed);
    assert!(kept.wait(LIMIT).is_some());
    assert_eq!(server.handle().tracked_connections(), 0);
    drop(kept);
    assert_eq!(server.handle().tracked_connections(), 0);
}

/// A handle that is kept does not keep the connection open.
#[test]
fn a_handle_does_not_hold_the_socket() {
    fn test<B: ServerBackend + Default>(version: ProtocolVersion) {
        let stage = Stage::new();
        let server = stage.server(version, LiveConnections::Close);
        let server = server.build(B::default()).unwrap();
        let (client, served) = meet(&alice(&stage), &server);
        let live = served.connection().clone();
        drop(served);
        assert_ends(client);
        assert!(live.end_reason().is_none());
    }
    on_every_server!(test);
}

#[test]
fn a_callback_after_the_fact_is_called_at_once() {
    let stage = Stage::new();
    let server = stage.server(TLS13, LiveConnections::Notify);
    let server = server.build(Rustls::default()).unwrap();
    let (_client, served) = meet(&alice(&stage), &server);
    let live = served.connection();
    stage.strike(&server, Cause::PolicyNarrowed);
    live.wait(LIMIT).expect("never notified");
    let (called, calls) = channel();
    let here = thread::current().id();
    live.on_end(move |reason| {
        called
            .send((reason.rejection().unwrap().reason(), thread::current().id()))
            .unwrap();
    });
    assert_eq!(calls.try_recv(), Ok((RejectionReason::NotAuthorized, here)));
    live.on_end(|_| panic!("a callback of a test panics, as it should"));
}

#[test]
fn a_callback_that_panics_does_not_stop_the_others() {
    let stage = Stage::new();
    let server = stage.server(TLS13, LiveConnections::Close);
    let server = server.build(Rustls::default()).unwrap();
    let alice = alice(&stage);
    let (calls, called) = channel();
    let mut pairs: Vec<_> = (0..3).map(|_| meet(&alice, &server)).collect();
    for (_, served) in &pairs {
        let live = served.connection();
        live.on_end(|_| panic!("a callback of a test panics, as it should"));
        let calls = calls.clone();
        live.on_end(move |reason| calls.send(reason.rejection().unwrap().reason()).unwrap());
    }
    stage.strike(&server, Cause::PolicyNarrowed);
    for (_, served) in &mut pairs {
        assert_eq!(
            called.recv_timeout(LIMIT),
            Ok(RejectionReason::NotAuthorized)
        );
        assert_aborted(served.read(&mut [0; 1]), RejectionReason::NotAuthorized);
    }
    // The thread goes on.
    server
        .handle()
        .rotate(Rotation::new().policy(stage.policy(everyone())))
        .unwrap();
    let (_client, served) = meet(&alice, &server);
    stage.strike(&server, Cause::PolicyNarrowed);
    assert!(served.connection().wait(LIMIT).is_some());
}

/// As in a handshake: who cannot be verified is rejected.
#[test]
fn a_matcher_that_panics_rejects() {
    let stage = Stage::new();
    let server = stage.server(TLS13, LiveConnections::Close);
    let server = server.build(Rustls::default()).unwrap();
    let (_client, mut served) = meet(&alice(&stage), &server);
    let panics = PeerMatcher::custom("panics", |_| {
        panic!("a matcher of a test panics, as it should")
    });
    server
        .handle()
        .rotate(Rotation::new().policy(stage.policy(panics)))
        .unwrap();
    assert_aborted(served.read(&mut [0; 1]), RejectionReason::VerifierPanicked);
}

/// Verifies a peer offline, as a library that drives the configuration itself would.
fn verified(stage: &Stage, credential: &Credential) -> PeerIdentity {
    let algorithms = Rustls::default().signature_algorithms().unwrap();
    let policy = VerifierPolicy::allow_any_authenticated();
    let verifier = PeerVerifier::new(anchors(&[&stage.cast.root]), policy, algorithms).unwrap();
    let now = UnixTime::now();
    if credential.leaf() == stage.cast.server.leaf() {
        let name = ServerName::try_from("localhost").unwrap();
        verifier
            .verify_server(&credential.chain, &name, now)
            .unwrap()
    } else {
        verifier.verify_client(&credential.chain, now).unwrap()
    }
}

#[test]
fn connections_of_others_are_tracked() {
    let stage = Stage::new();
    // Untracked, for its own streams.
    let server = stage.server(TLS13, LiveConnections::Untracked);
    let server = server.build(Rustls::default()).unwrap();
    let (near, far) = socket_pair();
    let alice = alice(&stage);
    let (mut connection, mut far, _client) = thread::scope(|scope| {
        let client = scope.spawn(|| alice.connect("localhost", near).unwrap());
        let mut far = far;
        let mut connection = rustls::ServerConnection::new(server.config()).unwrap();
        while connection.is_handshaking() {
            connection.complete_io(&mut far).unwrap();
        }
        (connection, far, client.join().unwrap())
    });
    let presented = connection.peer_certificates().unwrap().to_vec();
    assert_eq!(presented, stage.cast.alice.chain);
    let live = server
        .track(
            &verified(&stage, &stage.cast.alice),
            ConnectionContext::new(),
        )
        .unwrap();
    assert!(live.peer().unwrap().dns_names().eq(["alice.test"]));
    assert_eq!(server.handle().tracked_connections(), 1);
    let socket = far.try_clone().unwrap();
    live.on_end(move |_| socket.shutdown(std::net::Shutdown::Both).unwrap());
    assert_eq!(live.wait(Duration::from_millis(100)), None);
    stage.strike(&server, Cause::Revoked);
    assert_eq!(
        live.wait(LIMIT).unwrap().rejection().unwrap().reason(),
        RejectionReason::Revoked
    );
    // By the callback.
    while connection.read_tls(&mut far).unwrap() > 0 {}
}

#[test]
fn servers_that_others_are_connected_to_are_tracked() {
    let stage = Stage::new();
    let client = stage.client(TLS13, LiveConnections::Untracked);
    let client = client.build(Rustls::default()).unwrap();
    let server = verified(&stage, &stage.cast.server);
    let name = ServerName::try_from("localhost").unwrap();
    let live = client
        .track(&server, &name, ConnectionContext::new())
        .unwrap();
    assert_eq!(live.wait(Duration::from_millis(100)), None);
    // By the name that was asked for, at once.
    let other = ServerName::try_from("other.test").unwrap();
    let wrong = client
        .track(&server, &other, ConnectionContext::new())
        .unwrap();
    assert_eq!(
        wrong.wait(LIMIT).unwrap().rejection().unwrap().reason(),
        RejectionReason::NameMismatch
    );
    stage.advance();
    assert_eq!(
        live.wait(LIMIT).unwrap().rejection().unwrap().reason(),
        RejectionReason::Expired
    );
}

/// A connection may have been made under any revision.
#[test]
fn connections_of_others_are_verified_at_once() {
    let stage = Stage::new();
    let server = stage.server(TLS13, LiveConnections::Untracked);
    let server: MtlsServer<Rustls> = server.build(Rustls::default()).unwrap();
    stage.strike(&server, Cause::PolicyNarrowed);
    for _ in 0..3 {
        let live = server
            .track(
                &verified(&stage, &stage.cast.alice),
                ConnectionContext::new(),
            )
            .unwrap();
        assert_eq!(
            live.wait(LIMIT).unwrap().rejection().unwrap().reason(),
            RejectionReason::NotAuthorized
        );
    }
}

/// They are verified once for all connections of one peer.
#[test]
fn a_peer_is_verified_once() {
    let stage = Stage::new();
    let server = stage.server(TLS13, LiveConnections::Notify);
    let server = server.build(Rustls::default()).unwrap();
    let peer = verified(&stage, &stage.cast.alice);
    let handles: Vec<_> = (0..1000)
        .map(|_| server.track(&peer, ConnectionContext::new()).unwrap())
        .collect();
    let verified = Arc::new(AtomicUsize::new(0));
    let count = verified.clone();
    let matcher = PeerMatcher::custom("counts", move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        Err("rejects all".to_owned())
    });
    server
        .handle()
        .rotate(Rotation::new().policy(stage.policy(matcher)))
        .unwrap();
    for live in &handles {
        assert!(live.wait(LIMIT).is_some());
    }
    wait_until("all are reported", || stage.received().len() == 1000);
    assert_eq!(verified.load(Ordering::SeqCst), 1);
}

/// A panic while a caller's matcher is dropped does not end the thread that verifies.
#[test]
fn a_destructor_that_panics_does_not_stop_verification() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(
                thread::panicking(),
                "a destructor of a test panics, as it should"
            );
        }
    }
    let stage = Stage::new();
    let server = stage.server(TLS13, LiveConnections::Notify);
    let server = server.build(Rustls::default()).unwrap();
    let (_client, served) = meet(&alice(&stage), &server);
    let (entered, enter) = channel();
    let (leave, left) = channel::<()>();
    let left = std::sync::Mutex::new(left);
    let bomb = Bomb;
    let slow = PeerMatcher::custom("slow", move |_| {
        let _ = &bomb;
        entered.send(()).unwrap();
        left.lock().unwrap().recv_timeout(LIMIT).unwrap();
        Ok(())
    });
    server
        .handle()
        .rotate(Rotation::new().policy(stage.policy(slow)))
        .unwrap();
    enter.recv_timeout(LIMIT).unwrap();
    // The thread is left as the last that has the matcher.
    stage.strike(&server, Cause::PolicyNarrowed);
    leave.send(()).unwrap();
    assert!(served.connection().wait(LIMIT).is_some());
}
