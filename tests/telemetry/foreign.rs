//! Handshakes that another library drives.

use mtls::{PeerMatcher, Rustls, VerifierPolicy};

use super::callers::{self, Callers};
use super::capture::{Traces, recorder};
use super::common::raw::{Peer, Version, tools};

#[test]
fn a_peer_of_another_library_s_handshake_is_counted() {
    recorder();
    let callers = Callers::new();
    let cast = &callers.cast;
    let name = "foreign";
    let server = callers::server(cast)
        .name(name)
        .policy(VerifierPolicy::allow(
            PeerMatcher::dns("alice.test").unwrap(),
        ))
        .build(Rustls::default())
        .unwrap();
    let traces = Traces::default();
    for credential in [&cast.alice, &callers.bob] {
        let (near, mut far) = callers::pair();
        let caller = tools()
            .swap_remove(0)
            .call_over(near, Peer::new(Version::Tls13).presents(credential));
        traces.during(|| {
            let mut tls = rustls::ServerConnection::new(server.config()).unwrap();
            // A rejection is an error of the other library.
            let _ = tls.complete_io(&mut far);
        });
        drop(far);
        caller.outcome();
    }
    let verdicts = recorder().counters("mtls_peer_verifications_total", name);
    let mut verdicts: Vec<_> = verdicts
        .iter()
        .map(|(labels, count)| (&*labels["outcome"], &*labels["reason"], *count))
        .collect();
    verdicts.sort_unstable();
    assert_eq!(
        verdicts,
        [("accepted", "", 1), ("rejected", "not_authorized", 1)]
    );
    let peers = recorder().counters("mtls_peers_total", name);
    assert_eq!(peers.len(), 1, "{peers:?}");
    assert_eq!(peers[0].1, 1);
    assert_eq!(peers[0].0["signature"], "unknown");
    let events = traces.take();
    let names: Vec<_> = events.iter().map(|trace| &*trace.name).collect();
    assert_eq!(
        names,
        [
            "a handshake of another library accepted the peer",
            "a handshake of another library rejected the peer"
        ]
    );
    assert_eq!(events[1].field("error.type"), "not_authorized");
}
