//! Hostile names: texts and labels stay short, and on one line.

use std::thread;

use mtls::{MtlsClient, MtlsServer, Rustls, TrustAnchors, VerifierPolicy};

use super::callers::{self, Callers};
use super::capture::{Trace, Traces, recorder};
use super::common::pki::{Authority, Leaf};

/// The most bytes of a text.
const MAX: usize = 512;

#[track_caller]
fn assert_bounded(traces: &[Trace]) {
    assert!(!traces.is_empty());
    for trace in traces {
        for text in trace.fields.values().chain([&trace.name]) {
            assert!(text.len() <= MAX, "{} bytes: {text}", text.len());
            let is_plain = |c: char| !c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c);
            assert!(text.chars().all(is_plain), "{text:?}");
        }
    }
}

/// The texts of traces when `leaf` calls a server whose policy names other peers.
fn rejected(callers: &Callers, leaf: Leaf) -> Vec<Trace> {
    let cast = &callers.cast;
    let leaf = leaf.client().issued_by(&cast.intermediate);
    let hostile = callers::client(cast)
        .identity(callers::identity(&leaf.with(&cast.intermediate)))
        .build(Rustls::default())
        .unwrap();
    let server = callers::strict_server(callers).name("hostile");
    let server = server.build(Rustls::default()).unwrap();
    let (near, far) = callers::pair();
    let traces = Traces::default();
    thread::scope(|scope| {
        scope.spawn(|| hostile.connect("localhost", near).map(drop));
        traces.during(|| server.accept(far).unwrap_err());
    });
    traces.take()
}

#[test]
fn a_hostile_certificate_cannot_write_lines_or_pages() {
    recorder();
    let callers = Callers::new();
    for name in [
        "x".repeat(60_000),
        "\n2026-01-01 INFO accepted admin".repeat(500),
        "\u{202e}\u{1b}[2J\0\r\n".repeat(300),
        "\"}],\\".repeat(2_000),
    ] {
        let traces = rejected(&callers, Leaf::named(&name));
        assert_bounded(&traces);
        let mut events = traces.iter().filter(|trace| !trace.is_span);
        assert_eq!(events.next().unwrap().field("mtls.outcome"), "rejected");
    }
    let many = (0..400).fold(Leaf::named("many"), |leaf, number| {
        leaf.dns(&format!("{number}.{}.test", "y".repeat(60)))
    });
    assert_bounded(&rejected(&callers, many));
    // No label holds any of it.
    for line in recorder().text().lines() {
        assert!(line.len() < 100, "{line}");
        assert!(!line.contains("xxxx") && !line.contains("admin"), "{line}");
    }
}

/// What the caller or the source says is bounded too.
#[test]
fn long_names_and_errors_of_our_own_are_cut() {
    let callers = Callers::new();
    let client = callers::client(&callers.cast)
        .build(Rustls::default())
        .unwrap();
    let traces = Traces::default();
    traces.during(|| {
        let (near, _far) = callers::pair();
        let name = "a name\n".repeat(1_000);
        client.connect(&name, near).unwrap_err();
    });
    let traces = traces.take();
    assert_bounded(&traces);
    let longest = traces.iter().flat_map(|trace| trace.fields.values());
    // It is there, as far as there is room.
    assert!(longest.map(String::len).max() > Some(MAX - 8));
}

/// More anchors than the table has places for.
#[test]
fn anchors_beyond_the_table_are_other() {
    recorder();
    let callers = Callers::new();
    let cast = &callers.cast;
    let roots: Vec<_> = (0..35)
        .map(|number| Authority::named(&format!("Root {number} {}", "z".repeat(100))))
        .collect();
    let anchors = roots.iter().map(Authority::certificate);
    let server = MtlsServer::builder()
        .name("anchors")
        .identity(callers::identity(&cast.server))
        .trust_anchors(TrustAnchors::from_der(anchors).unwrap())
        .policy(VerifierPolicy::allow_any_authenticated())
        .build(Rustls::default())
        .unwrap();
    for root in roots.iter().chain(&roots) {
        let leaf = Leaf::named("peer").client().issued_by(root);
        let client = MtlsClient::builder()
            .identity(callers::identity(&leaf))
            .trust_anchors(callers::anchors(&cast.root))
            .build(Rustls::default())
            .unwrap();
        drop(callers::meet(&client, &server));
    }
    let peers = recorder().counters("mtls_peers_total", "anchors");
    assert_eq!(peers.len(), 33);
    for (labels, count) in peers {
        let anchor = &labels["anchor"];
        assert_eq!(count, if anchor == "other" { 6 } else { 2 }, "{anchor}");
        assert!(anchor.len() <= 64 + 1 + 8, "{anchor}");
    }
}
