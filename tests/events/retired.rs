//! Connections from before a change of our identity or trust end within a time.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::connection::{ConnectionContext, EndReason, LiveConnections};
use mtls::error::RetiredError;
use mtls::event::EndCause;
use mtls::rotation::SelfTrust;
use mtls::{Event, OpenSsl, PeerMatcher, Rotation, Rustls, TrustAnchors, VerifierPolicy};
use tokio::io::AsyncReadExt;

use super::common::pki::{Cast, Leaf};
use super::common::raw::{Peer, Version, tools};
use super::{LIMIT, anchors, client, identity, meet, pair, server, wait_until};

/// Soon enough for a test, and long enough to do something before.
const WITHIN: Duration = Duration::from_millis(400);

/// A renewed certificate of the server.
fn renewed(cast: &Cast) -> Rotation {
    let leaf = Leaf::named("server").dns("localhost").server();
    let leaf = leaf.issued_by(&cast.intermediate).with(&cast.intermediate);
    Rotation::new().identity(identity(&leaf))
}

fn retired_error(error: &std::io::Error) -> RetiredError {
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionAborted);
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    *inner.unwrap_or_else(|| panic!("{error:?}"))
}

fn a_renewed_identity_retires<C: ClientBackend, S: ServerBackend>(near: C, far: S) {
    let cast = Cast::assemble();
    let causes = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&causes);
    let server = server(&cast)
        .retire_connections(WITHIN)
        .observer(move |event| match event {
            Event::ConnectionEnding { reason, .. } => {
                seen.lock().unwrap().push(format!("{reason}"));
            }
            Event::ConnectionEnded { cause, .. } => {
                seen.lock().unwrap().push(cause.to_string());
            }
            _ => {}
        })
        .build(far)
        .unwrap();
    let client = client(&cast).build(near).unwrap();
    let (mut near, mut far) = meet(&client, &server);
    assert!(far.connection().is_tracked());
    assert_eq!(server.handle().tracked_connections(), 1);
    // A policy alone retires nothing.
    let policy = VerifierPolicy::allow(PeerMatcher::dns("alice.test").unwrap());
    server
        .handle()
        .rotate(Rotation::new().policy(policy))
        .unwrap();
    assert!(far.connection().wait(Duration::from_millis(50)).is_none());

    let began = Instant::now();
    server.handle().rotate(renewed(&cast)).unwrap();
    let reason = far.connection().wait(LIMIT).expect("it is retired").clone();
    assert!(
        matches!(reason, EndReason::Retired { revision: 3, .. }),
        "{reason:?}"
    );
    // It may be used on for a while.
    far.write_all(b"still").unwrap();
    far.flush().unwrap();
    near.read_exact(&mut [0; 5]).unwrap();
    // Then it is closed, also while a read waits.
    let reading = thread::spawn(move || {
        let error = far.read(&mut [0]).unwrap_err();
        (retired_error(&error).revision, began.elapsed())
    });
    let (revision, elapsed) = reading.join().unwrap();
    assert_eq!(revision, 3);
    assert!(elapsed >= WITHIN && elapsed < LIMIT, "{elapsed:?}");
    let mut rest = Vec::new();
    near.read_to_end(&mut rest).ok();
    wait_until("both are reported", || causes.lock().unwrap().len() == 2);
    let reported = causes.lock().unwrap().clone();
    assert_eq!(
        reported,
        [
            "revision 3 changed our identity or trust",
            EndCause::Retired.as_str()
        ]
    );
    // One that was opened later stays.
    let (_near, far) = meet(&client, &server);
    assert!(far.connection().wait(WITHIN * 2).is_none());
}

#[test]
fn connections_from_before_a_renewal_are_retired() {
    a_renewed_identity_retires(Rustls::default(), Rustls::default());
    a_renewed_identity_retires(OpenSsl::default(), OpenSsl::default());
}

#[test]
fn a_client_s_connections_are_retired_by_its_trust() {
    let cast = Cast::assemble();
    let client = client(&cast)
        .retire_connections(WITHIN)
        .self_trust(SelfTrust::Skip);
    let client = client.build(Rustls::default()).unwrap();
    let server = server(&cast).build(Rustls::default()).unwrap();
    let (near, _far) = meet(&client, &server);
    let both = TrustAnchors::join([anchors(&cast.root), anchors(&cast.impostor)]).unwrap();
    client
        .handle()
        .rotate(Rotation::new().trust_anchors(both))
        .unwrap();
    let reason = near.connection().wait(LIMIT);
    assert!(matches!(
        reason,
        Some(EndReason::Retired { revision: 2, .. })
    ));
}

#[test]
fn an_asynchronous_reader_is_woken_when_its_time_is_over() {
    let cast = Cast::assemble();
    let server = server(&cast).retire_connections(WITHIN);
    let server = server.build(Rustls::default()).unwrap();
    let client = client(&cast).build(Rustls::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let (near, far) = tokio::join!(
            client.connect_async("localhost", near),
            server.accept_async(far)
        );
        let (_near, mut far) = (near.unwrap(), far.unwrap());
        let ended = far.connection().ended();
        let reading = tokio::spawn(async move { far.read(&mut [0]).await.unwrap_err() });
        server.handle().rotate(renewed(&cast)).unwrap();
        let reason = tokio::time::timeout(LIMIT, ended).await.unwrap();
        assert!(matches!(reason, EndReason::Retired { revision: 2, .. }));
        let error = tokio::time::timeout(LIMIT, reading).await.unwrap().unwrap();
        assert_eq!(retired_error(&error).revision, 2);
    });
}

/// Also an anonymous client, and a client of another library.
#[test]
fn everybody_is_retired() {
    let cast = Cast::assemble();
    let server = server(&cast)
        .retire_connections(WITHIN)
        .optional_client_auth();
    let server = server.build(Rustls::default()).unwrap();
    let (near, far) = pair();
    let anonymous = tools()
        .swap_remove(0)
        .call_over(near, Peer::new(Version::Tls13));
    let served = server.accept(far).unwrap();
    assert!(served.peer().is_none());
    let peer = server.identify(&cast.alice.chain).unwrap();
    let foreign = server.track(&peer, ConnectionContext::new()).unwrap();
    assert_eq!(server.handle().tracked_connections(), 2);
    server.handle().rotate(renewed(&cast)).unwrap();
    for handle in [served.connection(), &foreign] {
        let reason = handle.wait(LIMIT);
        assert!(matches!(
            reason,
            Some(EndReason::Retired { revision: 2, .. })
        ));
    }
    drop(served);
    anonymous.outcome();
    drop(foreign);
    wait_until("none is tracked", || {
        server.handle().tracked_connections() == 0
    });
}

/// A connection whose handshake another library ran before the change, and that is tracked after.
#[test]
fn a_connection_that_is_tracked_late_is_retired() {
    let cast = Cast::assemble();
    let server = server(&cast).retire_connections(WITHIN);
    let server = server.build(Rustls::default()).unwrap();
    let before = server.handle().status().revision();
    server.handle().rotate(renewed(&cast)).unwrap();
    let peer = server.identify(&cast.alice.chain).unwrap();
    let late = server
        .track(&peer, ConnectionContext::new().revision(before))
        .unwrap();
    let reason = late.wait(LIMIT);
    assert!(matches!(
        reason,
        Some(EndReason::Retired { revision: 2, .. })
    ));
    let now = server.track(&peer, ConnectionContext::new()).unwrap();
    assert!(now.wait(WITHIN).is_none());
}

/// A rejection after the retirement still cuts the connection at once.
#[test]
fn a_retired_peer_that_is_rejected_is_cut() {
    let cast = Cast::assemble();
    let server = server(&cast)
        .retire_connections(Duration::from_secs(3600))
        .live_connections(LiveConnections::Close);
    let server = server.build(Rustls::default()).unwrap();
    let client = client(&cast).build(Rustls::default()).unwrap();
    let (_near, mut far) = meet(&client, &server);
    server.handle().rotate(renewed(&cast)).unwrap();
    far.connection().wait(LIMIT).expect("it is retired");
    let policy = VerifierPolicy::allow(PeerMatcher::dns("other.test").unwrap());
    server
        .handle()
        .rotate(Rotation::new().policy(policy))
        .unwrap();
    let error = far.read(&mut [0]).unwrap_err();
    let found = mtls::HandshakeError::find(&error).unwrap();
    assert!(found.rejection().is_some());
    assert!(far.connection().end_reason().unwrap().rejection().is_some());
}

/// Only told, a rejected peer's connection stays until its own time is over.
#[test]
fn a_rejected_peer_that_is_only_told_is_retired_in_time() {
    let cast = Cast::assemble();
    let server = server(&cast)
        .retire_connections(WITHIN)
        .live_connections(LiveConnections::Notify);
    let server = server.build(Rustls::default()).unwrap();
    let client = client(&cast).build(Rustls::default()).unwrap();
    let (mut near, mut far) = meet(&client, &server);
    let policy = VerifierPolicy::allow(PeerMatcher::dns("other.test").unwrap());
    server
        .handle()
        .rotate(Rotation::new().policy(policy))
        .unwrap();
    far.connection().wait(LIMIT).expect("it is rejected");
    far.write_all(b"still").unwrap();
    near.read_exact(&mut [0; 5]).unwrap();
    server.handle().rotate(renewed(&cast)).unwrap();
    let error = far.read(&mut [0]).unwrap_err();
    assert_eq!(retired_error(&error).revision, 3);
}
