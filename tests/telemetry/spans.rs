//! Spans and events: who is the parent, which fields, which level.

use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use mtls::{PeerMatcher, Rustls, VerifierPolicy};
use tracing::Level;

use super::callers::{self, Callers, Kind};
use super::capture::{Trace, Traces};

fn span(traces: &[Trace]) -> &Trace {
    let mut spans = traces.iter().filter(|t| t.is_span && t.target == "mtls");
    let span = spans.next().expect("a span");
    assert!(spans.next().is_none(), "one span: {traces:?}");
    span
}

fn event<'a>(traces: &'a [Trace], name: &str) -> &'a Trace {
    let mut events = traces.iter().filter(|t| !t.is_span && t.name == name);
    let event = events.next();
    event.unwrap_or_else(|| panic!("no event {name:?} in {traces:?}"))
}

/// Both sides of a handshake, each under a span of its caller.
#[test]
fn a_span_has_its_caller_and_what_was_negotiated() {
    let callers = Callers::new();
    let server = callers::server(&callers.cast)
        .name("span-server")
        .alpn(["h2"]);
    let server = server.build(Rustls::default()).unwrap();
    let client = callers::client(&callers.cast)
        .name("span-client")
        .alpn(["h2"]);
    let client = client.build(Rustls::default()).unwrap();
    let (near, far) = callers::pair();
    let (near_addr, far_addr) = (near.local_addr().unwrap(), far.local_addr().unwrap());
    let (at_client, at_server) = (Traces::default(), Traces::default());
    thread::scope(|scope| {
        scope.spawn(|| {
            at_server.during(|| {
                let _request = tracing::info_span!("serving").entered();
                let mut stream = server.accept(far).unwrap();
                stream.write_all(b"1").unwrap();
                stream.close().unwrap();
            });
        });
        at_client.during(|| {
            let _request = tracing::info_span!("calling").entered();
            let mut stream = client.connect("localhost", near).unwrap();
            stream.read_to_end(&mut Vec::new()).unwrap();
            stream.close().unwrap();
        });
    });
    for (traces, side, parent, peer) in [
        (at_client.take(), "client", "calling", far_addr),
        (at_server.take(), "server", "serving", near_addr),
    ] {
        let span = span(&traces);
        assert_eq!((&*span.name, span.level), ("mtls.handshake", Level::DEBUG));
        assert_eq!(span.parent.as_deref(), Some(parent));
        assert!(span.is_closed);
        for (field, value) in [
            ("otel.kind", side),
            ("mtls.name", &format!("span-{side}")),
            ("mtls.backend", "rustls"),
            ("mtls.revision", "1"),
            ("mtls.outcome", "accepted"),
            ("network.peer.address", &peer.ip().to_string()),
            ("network.peer.port", &peer.port().to_string()),
            ("server.address", "localhost"),
            ("tls.protocol.version", "1.3"),
            ("tls.curve", "X25519MLKEM768"),
            ("tls.next_protocol", "h2"),
            ("tls.established", "true"),
            ("tls.resumed", "false"),
        ] {
            assert_eq!(span.field(field), value, "{side}: {field}");
        }
        assert!(
            span.field("tls.cipher").starts_with("TLS13_")
                || span.field("tls.cipher").starts_with("TLS_")
        );
        assert!(!span.fields.contains_key("error.type"));
        let ended = event(&traces, "the connection ended");
        assert_eq!(ended.level, Level::DEBUG);
        assert_eq!(
            ended.field("mtls.connection.id"),
            span.field("mtls.connection.id")
        );
        assert_eq!(traces.iter().filter(|trace| !trace.is_span).count(), 1);
    }
}

/// What a server's handshakes leave behind, by the kind of client.
#[test]
fn levels_of_a_server_s_failures() {
    let callers = Callers::new();
    let server = callers::strict_server(&callers).name("levels");
    let server = server.build(Rustls::default()).unwrap();
    for kind in callers::KINDS {
        let traces = Traces::default();
        let (near, far) = callers::pair();
        thread::scope(|scope| {
            scope.spawn(|| callers.call(kind, near));
            traces.during(|| callers::serve(&server, kind, far, false));
        });
        let traces = traces.take();
        let (outcome, reason) = kind.expected();
        let span = span(&traces);
        assert!(span.is_closed, "{kind:?}");
        assert_eq!(span.field("mtls.outcome"), outcome, "{kind:?}");
        if outcome == "accepted" {
            assert_eq!(span.field("tls.established"), "true");
            continue;
        }
        assert_eq!(span.field("tls.established"), "false");
        let failed = event(&traces, "the handshake failed");
        assert_eq!(failed.parent.as_deref(), Some("mtls.handshake"));
        let by_peer = (kind == Kind::Rejecting).then_some("unknown_ca");
        let reason = reason.map(mtls::RejectionReason::as_str).or(by_peer);
        let error_type = reason.unwrap_or(outcome);
        for trace in [span, failed] {
            assert_eq!(trace.field("error.type"), error_type, "{kind:?}");
            assert_eq!(trace.field("mtls.outcome"), outcome);
        }
        assert!(!failed.field("error.message").is_empty());
        assert!(!failed.field("mtls.hint").is_empty());
        // A stranger causes nothing at INFO; a peer that is rejected does.
        let level = if reason.is_some() {
            Level::INFO
        } else {
            Level::DEBUG
        };
        assert_eq!(failed.level, level, "{kind:?}");
    }
}

/// To a client, every failure is one of a service that it needs.
#[test]
fn levels_of_a_client_s_failures() {
    let callers = Callers::new();
    let client = callers::client(&callers.cast)
        .name("levels-client")
        .handshake_timeout(Duration::from_millis(100));
    let client = client.build(Rustls::default()).unwrap();
    let distrusting = callers::client(&callers.cast)
        .trust_anchors(callers::anchors(&callers.cast.impostor))
        .build(Rustls::default())
        .unwrap();
    let server = callers::server(&callers.cast)
        .build(Rustls::default())
        .unwrap();
    type Act<'a> = Box<dyn Fn() + 'a>;
    let silent = || {
        let (near, _far) = callers::pair();
        client.connect("localhost", near).unwrap_err();
    };
    let unnamed = || {
        let (near, _far) = callers::pair();
        client.connect("no name", near).unwrap_err();
    };
    let rejecting = || {
        let (near, far) = callers::pair();
        thread::scope(|scope| {
            scope.spawn(|| server.accept(far).map(drop));
            distrusting.connect("localhost", near).unwrap_err();
        });
    };
    let acts: [(Act<'_>, &str); 3] = [
        (Box::new(silent), "timed_out"),
        (Box::new(unnamed), "invalid_server_name"),
        (Box::new(rejecting), "unknown_issuer"),
    ];
    for (act, error_type) in acts {
        let traces = Traces::default();
        traces.during(act);
        let traces = traces.take();
        let failed = event(&traces, "the handshake failed");
        assert_eq!(failed.field("error.type"), error_type);
        assert_eq!(failed.level, Level::WARN, "{error_type}");
        assert!(span(&traces).fields.contains_key("server.address"));
    }
}

/// The parent of an asynchronous handshake is the caller's span, and one that is given up ends.
#[test]
fn an_asynchronous_handshake_has_a_span() {
    let callers = Callers::new();
    let server = callers::server(&callers.cast).name("async");
    let server = server.build(Rustls::default()).unwrap();
    let client = callers::client(&callers.cast)
        .build(Rustls::default())
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.unwrap();
    let traces = Traces::default();
    traces.during(|| {
        let _request = tracing::info_span!("serving").entered();
        runtime.block_on(async {
            let (near, far) = tokio::io::duplex(64 * 1024);
            let serving = server.accept_async(far);
            let (near, far) = tokio::join!(client.connect_async("localhost", near), serving);
            drop((near.unwrap(), far.unwrap()));
            let (_near, far) = tokio::io::duplex(64 * 1024);
            let serving = server.accept_async(far);
            let given_up = tokio::time::timeout(Duration::from_millis(5), serving).await;
            assert!(given_up.is_err());
        });
    });
    let traces = traces.take();
    let spans: Vec<_> = traces
        .iter()
        .filter(|t| t.name == "mtls.handshake")
        .collect();
    assert_eq!(spans.len(), 3);
    for span in &spans {
        assert_eq!(span.parent.as_deref(), Some("serving"));
        assert!(span.is_closed);
    }
    assert_eq!(spans[2].field("error.type"), "cancelled");
    let cancelled = event(&traces, "the handshake failed");
    assert_eq!(cancelled.level, Level::DEBUG);
}

/// The subscriber and the recorder are foreign code: their panics change no verdict.
#[test]
fn a_panic_of_a_subscriber_changes_nothing() {
    struct Panics;
    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Panics {
        fn on_event(&self, _: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
            panic!("a faulty subscriber");
        }
    }
    use tracing_subscriber::layer::SubscriberExt;
    let callers = Callers::new();
    let policy = VerifierPolicy::allow(PeerMatcher::dns("other.test").unwrap());
    let server = callers::server(&callers.cast).policy(policy);
    let server = server.build(Rustls::default()).unwrap();
    let client = callers::client(&callers.cast)
        .build(Rustls::default())
        .unwrap();
    let (near, far) = callers::pair();
    let error = thread::scope(|scope| {
        scope.spawn(|| client.connect("localhost", near).map(drop));
        let subscriber = tracing_subscriber::registry().with(Panics);
        tracing::subscriber::with_default(subscriber, || server.accept(far).unwrap_err())
    });
    let rejection = error.rejection().expect("it is rejected");
    assert_eq!(rejection.reason(), mtls::RejectionReason::NotAuthorized);
}
