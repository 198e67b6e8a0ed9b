//! Many peers, and rotations that come faster than all of them can be verified.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use mtls::connection::{ConnectionContext, LiveConnections, ProtocolVersion};
use mtls::pki_types::UnixTime;
use mtls::{PeerMatcher, PeerVerifier, Rotation, Rustls, VerifierPolicy};

use super::{Stage, anchors, wait_until};
use crate::common::pki::Leaf;
use crate::common::raw::LIMIT;

const PEERS: usize = 200;

/// A round of verifying takes longer than the time between two rotations. Begun anew by each, it would never reach its
/// end.
#[test]
fn are_all_reached() {
    let stage = Stage::new();
    let server = stage.server(ProtocolVersion::Tls13, LiveConnections::Notify);
    let server = server.build(Rustls::default()).unwrap();
    let algorithms = Rustls::default().signature_algorithms().unwrap();
    let policy = VerifierPolicy::allow_any_authenticated();
    let verifier = PeerVerifier::new(anchors(&[&stage.cast.root]), policy, algorithms).unwrap();
    let handles: Vec<_> = (0..PEERS)
        .map(|number| {
            let leaf = Leaf::named(&format!("peer {number}")).dns("peer.test");
            let chain = leaf
                .client()
                .issued_by(&stage.cast.intermediate)
                .with(&stage.cast.intermediate);
            let peer = verifier.verify_client(&chain.chain, UnixTime::now());
            server
                .track(&peer.unwrap(), ConnectionContext::new())
                .unwrap()
        })
        .collect();
    assert_eq!(server.handle().tracked_connections(), PEERS);

    let verified: Arc<Mutex<HashSet<[u8; 32]>>> = Arc::default();
    let slow = |verified: &Arc<Mutex<HashSet<[u8; 32]>>>| {
        let verified = verified.clone();
        let matcher = PeerMatcher::custom("slow", move |peer| {
            thread::sleep(Duration::from_millis(2));
            verified.lock().unwrap().insert(peer.certificate_sha256());
            Ok(())
        });
        Rotation::new().policy(stage.policy(matcher))
    };
    let began = Instant::now();
    let mut rotations = 0;
    while verified.lock().unwrap().len() < PEERS {
        assert!(began.elapsed() < LIMIT, "some are never verified");
        server.handle().rotate(slow(&verified)).unwrap();
        rotations += 1;
        thread::sleep(Duration::from_millis(20));
    }
    assert!(rotations > 4, "{rotations} rotations were no test");
    assert!(handles.iter().all(|live| live.end_reason().is_none()));

    // And what comes last counts for all.
    let no_peer = PeerMatcher::dns("unused.test").unwrap();
    server.handle().rotate(slow(&verified)).unwrap();
    server
        .handle()
        .rotate(Rotation::new().policy(stage.policy(no_peer)))
        .unwrap();
    for live in &handles {
        assert!(live.wait(LIMIT).is_some());
    }
    wait_until("all are reported", || stage.received().len() == PEERS);
}
