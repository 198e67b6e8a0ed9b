//! Peers of connections that other libraries hold, and verification on request.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mtls::connection::{ConnectionContext, ConnectionId, EndReason, LiveConnections, Side};
use mtls::pki_types::{ServerName, UnixTime};
use mtls::rotation::OnExpiry;
use mtls::{Event, OpenSsl, PeerMatcher, RejectionReason, Rotation, Rustls, VerifierPolicy};

use super::common::pki::Cast;
use super::{LIMIT, anchors, client, identity, meet, pair, server};

fn narrowed() -> Rotation {
    let other = PeerMatcher::dns("other.test").unwrap();
    Rotation::new().policy(VerifierPolicy::allow(other))
}

/// A plain rustls server on the live configuration, as quinn or axum-server would run it.
#[test]
fn a_chain_of_another_library_is_identified_by_the_revision_in_force() {
    let cast = Cast::assemble();
    let verdicts = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&verdicts);
    let server = server(&cast).observer(move |event| match event {
        Event::PeerVerified { side, verdict, .. } => {
            assert_eq!(*side, Side::Server);
            seen.lock().unwrap().push(verdict.is_ok());
        }
        Event::Rotated { .. } => {}
        other => panic!("{other:?}"),
    });
    let server = server.build(Rustls::default()).unwrap();
    let client = client(&cast).build(Rustls::default()).unwrap();
    let config = server.live_config();
    let call = || {
        let (near, far) = pair();
        let client = client.clone();
        let calling = thread::spawn(move || {
            let mut stream = client.connect("localhost", near)?;
            stream.write_all(b"1").ok();
            let read = stream.read(&mut [0]);
            read.map_err(mtls::HandshakeError::Io)
        });
        let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = rustls::StreamOwned::new(connection, far);
        let read = stream.read(&mut [0]);
        let chain = stream.conn.peer_certificates().map(<[_]>::to_vec);
        stream.write_all(b"1").ok();
        drop(stream);
        calling.join().unwrap().ok();
        (read.is_ok(), chain)
    };
    let (accepted, chain) = call();
    let chain = chain.expect("the client presented its certificate");
    assert!(accepted);
    let peer = server.identify(&chain).unwrap();
    assert!(peer.dns_names().eq(["alice.test"]));
    let context = ConnectionContext::new()
        .id(ConnectionId::new(4711))
        .remote_addr(([192, 0, 2, 1], 80).into());
    let handle = server.track(&peer, context).unwrap();
    assert_eq!(handle.id(), ConnectionId::new(4711));
    assert_eq!(handle.remote_addr(), Some(([192, 0, 2, 1], 80).into()));
    assert_eq!((handle.peer(), handle.session()), (Some(&peer), None));
    assert!(handle.verify_now().is_ok());

    server.handle().rotate(narrowed()).unwrap();
    let rejection = server.identify(&chain).unwrap_err();
    assert_eq!(rejection.reason(), RejectionReason::NotAuthorized);
    let reason = handle.wait(LIMIT).expect("it is rejected now").rejection();
    assert_eq!(reason.unwrap().reason(), RejectionReason::NotAuthorized);
    assert!(!call().0);
    // One for each handshake, and none for `identify`.
    assert_eq!(*verdicts.lock().unwrap(), [true, false]);
}

#[test]
fn a_server_s_chain_is_identified_by_its_name() {
    let cast = Cast::assemble();
    let client = client(&cast).build(OpenSsl::default()).unwrap();
    let chain: Vec<_> = cast.server.chain.clone();
    let name = ServerName::try_from("localhost").unwrap();
    let peer = client.identify(&chain, &name).unwrap();
    let handle = client
        .track(&peer, &name, ConnectionContext::new())
        .unwrap();
    assert!(handle.verify_now().is_ok() && handle.info().side() == Side::Client);
    let other = ServerName::try_from("other.test").unwrap();
    let rejection = client.identify(&chain, &other).unwrap_err();
    assert_eq!(rejection.reason(), RejectionReason::NameMismatch);
    let rejection = client.identify(&[], &name).unwrap_err();
    assert_eq!(rejection.reason(), RejectionReason::NoCertificate);
}

/// No tracking is needed to verify on request.
#[test]
fn a_peer_is_verified_on_request() {
    let cast = Cast::assemble();
    let ahead = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&ahead);
    let server = server(&cast).clock(move || {
        let ahead = Duration::from_secs(clock.load(Ordering::SeqCst));
        UnixTime::since_unix_epoch(Duration::from_secs(UnixTime::now().as_secs()) + ahead)
    });
    let server = server.build(Rustls::default()).unwrap();
    let client = client(&cast).build(Rustls::default()).unwrap();
    let (_near, far) = meet(&client, &server);
    let handle = far.connection().clone();
    assert!(!handle.is_tracked());
    assert!(handle.verify_now().is_ok());
    // The path expires, by the clock that was given.
    ahead.store(400 * 24 * 3600, Ordering::SeqCst);
    let reason = handle.verify_now().unwrap_err().reason();
    assert_eq!(reason, RejectionReason::Expired);
    ahead.store(0, Ordering::SeqCst);
    assert!(handle.verify_now().is_ok());
    // Another anchor, by another revision.
    let rotation = Rotation::new()
        .trust_anchors(anchors(&cast.impostor))
        .identity(identity(&cast.server));
    server.handle().rotate(rotation.clone()).unwrap_err();
    server.handle().rotate(narrowed()).unwrap();
    let reason = handle.verify_now().unwrap_err().reason();
    assert_eq!(reason, RejectionReason::NotAuthorized);
    assert!(handle.end_reason().is_none(), "it is not tracked");
    // What the last revision says counts when the server is gone.
    drop(server);
    assert!(handle.verify_now().is_err());
}

/// A service that rejects every new peer also rejects its requests.
#[test]
fn an_own_certificate_that_has_expired_rejects_on_request() {
    let cast = Cast::assemble();
    let ahead = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&ahead);
    let server = server(&cast).on_expiry(OnExpiry::Reject).clock(move || {
        let ahead = Duration::from_secs(clock.load(Ordering::SeqCst));
        UnixTime::since_unix_epoch(Duration::from_secs(UnixTime::now().as_secs()) + ahead)
    });
    let server = server.build(Rustls::default()).unwrap();
    let client = client(&cast).build(Rustls::default()).unwrap();
    let (_near, far) = meet(&client, &server);
    assert!(far.connection().verify_now().is_ok());
    ahead.store(400 * 24 * 3600, Ordering::SeqCst);
    let reason = far.connection().verify_now().unwrap_err().reason();
    assert_eq!(reason, RejectionReason::NotServing);
}

#[test]
fn a_rejection_is_final() {
    let cast = Cast::assemble();
    let server = server(&cast).live_connections(LiveConnections::Notify);
    let server = server.build(Rustls::default()).unwrap();
    let client = client(&cast).build(Rustls::default()).unwrap();
    let (_near, far) = meet(&client, &server);
    server.handle().rotate(narrowed()).unwrap();
    let handle = far.connection();
    assert!(matches!(handle.wait(LIMIT), Some(EndReason::Rejected(_))));
    let everyone = VerifierPolicy::allow_any_authenticated();
    server
        .handle()
        .rotate(Rotation::new().policy(everyone))
        .unwrap();
    assert!(handle.verify_now().is_err());
}
