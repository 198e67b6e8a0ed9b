//! Metrics and the observer agree exactly.
//!
//! A few hundred handshakes run with the other tests; `MTLS_EVENT_HANDSHAKES=10000` runs that many.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use mtls::backend::ServerBackend;
use mtls::connection::ProtocolVersion;
use mtls::event::HandshakeOutcome;
use mtls::{Event, HandshakeError, OpenSsl, Rustls};

use super::callers::{self, Callers, KINDS, each};
use super::capture::{Labels, recorder};

/// What the observer has counted, in the labels of metrics.
#[derive(Default)]
struct Counted {
    handshakes: BTreeMap<Labels, u64>,
    durations: BTreeMap<Labels, Vec<f64>>,
    peers: BTreeMap<Labels, u64>,
    ends: BTreeMap<Labels, u64>,
    most_open: usize,
    open: usize,
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

impl Counted {
    fn see(&mut self, name: &str, event: &Event<'_>) {
        match event {
            Event::Handshake(handshake) => {
                let outcome = handshake.outcome.as_str();
                let (mut reason, mut protocol, mut group) = ("", "", "");
                match handshake.outcome {
                    HandshakeOutcome::Failed(HandshakeError::Rejected(rejection)) => {
                        reason = rejection.reason().as_str();
                    }
                    HandshakeOutcome::Failed(HandshakeError::RejectedByPeer { alert, .. }) => {
                        reason = alert.as_str();
                    }
                    HandshakeOutcome::Accepted(connection) => {
                        let session = connection.session().unwrap();
                        protocol = match session.protocol_version() {
                            ProtocolVersion::Tls12 => "1.2",
                            _ => "1.3",
                        };
                        group = session.key_exchange_group().unwrap_or("unknown");
                        let signature = session.signature_scheme();
                        let signature = signature.map_or("unknown".to_owned(), |s| s.to_string());
                        let peer = [
                            ("side", "server"),
                            ("signature", &signature),
                            ("group", group),
                        ];
                        *self.peers.entry(labels(&peer)).or_default() += 1;
                        self.open += 1;
                        self.most_open = self.most_open.max(self.open);
                    }
                    _ => {}
                }
                let handshakes = [
                    ("side", "server"),
                    ("backend", handshake.backend.as_str()),
                    ("outcome", outcome),
                    ("reason", reason),
                    ("protocol", protocol),
                    ("group", group),
                ];
                *self.handshakes.entry(labels(&handshakes)).or_default() += 1;
                let durations = labels(&[("side", "server"), ("outcome", outcome)]);
                let durations = self.durations.entry(durations).or_default();
                durations.push(handshake.duration.as_secs_f64());
            }
            Event::ConnectionEnded { cause, .. } => {
                let ended = labels(&[("side", "server"), ("cause", cause.as_str())]);
                *self.ends.entry(ended).or_default() += 1;
                self.open -= 1;
                // When the observer gets an event, it is counted.
                let counted = recorder().counter("mtls_connections_ended_total", name);
                assert!(counted >= self.ends.values().sum());
            }
            other => panic!("{other:?}"),
        }
    }
}

fn sorted<V>(series: impl IntoIterator<Item = (Labels, V)>) -> BTreeMap<Labels, V> {
    series.into_iter().collect()
}

fn metrics_agree<B: ServerBackend>(name: &'static str, backend: B, is_async: bool) {
    let callers = Callers::new();
    let counted = Arc::new(Mutex::new(Counted::default()));
    let seen = Arc::clone(&counted);
    let recorder = recorder();
    let server = callers::strict_server(&callers)
        .name(name)
        .observer(move |event| seen.lock().unwrap().see(name, event))
        .build(backend)
        .unwrap();
    callers::play(&callers, &server, is_async, each());

    let mut counted = counted.lock().unwrap();
    let handshakes = sorted(recorder.counters("mtls_handshakes_total", name));
    assert_eq!(handshakes, counted.handshakes);
    assert_eq!(
        handshakes.values().sum::<u64>(),
        u64::try_from(KINDS.len() * each()).unwrap()
    );
    let ends = sorted(recorder.counters("mtls_connections_ended_total", name));
    assert_eq!(ends, counted.ends);
    // Of one anchor.
    let peers = recorder.counters("mtls_peers_total", name).into_iter();
    let peers = sorted(peers.map(|(mut labels, count)| {
        let anchor = labels.remove("anchor").unwrap();
        assert!(anchor.starts_with("CN=") && anchor.len() < 80, "{anchor}");
        (labels, count)
    }));
    assert_eq!(peers, counted.peers);
    // The very same values.
    let by_size = |samples: &mut Vec<f64>| samples.sort_by(f64::total_cmp);
    let mut durations = sorted(recorder.histograms("mtls_handshake_duration_seconds", name));
    durations.values_mut().for_each(by_size);
    counted.durations.values_mut().for_each(by_size);
    assert_eq!(durations, counted.durations);
    // It was open, and is not any more.
    assert!(counted.most_open > 0);
    assert_eq!(
        (counted.open, recorder.gauge("mtls_connections", name)),
        (0, 0.0)
    );
    assert_eq!(recorder.gauge("mtls_revision", name), 1.0);
}

#[test]
fn metrics_agree_with_the_observer_on_rustls() {
    metrics_agree("agree-rustls", Rustls::default(), false);
    metrics_agree("agree-rustls-async", Rustls::default(), true);
}

#[test]
fn metrics_agree_with_the_observer_on_openssl() {
    metrics_agree("agree-openssl", OpenSsl::default(), false);
    metrics_agree("agree-openssl-async", OpenSsl::default(), true);
}

/// The gauge of open connections is right at each moment, on both sides.
#[test]
fn open_connections_are_counted() {
    let callers = Callers::new();
    let cast = &callers.cast;
    let server = callers::server(cast).name("open-server");
    let server = server.build(Rustls::default()).unwrap();
    let client = callers::client(cast).name("open-client");
    let client = client.build(Rustls::default()).unwrap();
    let open = || {
        let gauge = |name| recorder().gauge("mtls_connections", name);
        (gauge("open-client"), gauge("open-server"))
    };
    let mut streams = Vec::new();
    recorder();
    for count in 1..=3 {
        streams.push(callers::meet(&client, &server));
        let count = f64::from(count);
        assert_eq!(open(), (count, count));
    }
    let (near, far) = streams.remove(0);
    drop(near);
    assert_eq!(open(), (2.0, 3.0));
    // Also without the client and the server.
    drop((client, server, far));
    assert_eq!(open(), (2.0, 2.0));
    drop(streams);
    assert_eq!(open(), (0.0, 0.0));
}

/// Four threads open and drop streams without a pause; none of them leaves a wrong number behind.
#[test]
fn open_connections_come_back_to_zero() {
    let callers = Callers::new();
    let name = "busy-server";
    let server = callers::server(&callers.cast).name(name);
    let server = server.build(Rustls::default()).unwrap();
    let client = callers::client(&callers.cast);
    let client = client.build(Rustls::default()).unwrap();
    recorder();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..25).for_each(|_| drop(callers::meet(&client, &server))));
        }
    });
    assert_eq!(recorder().gauge("mtls_connections", name), 0.0);
    assert_eq!(
        recorder().counter("mtls_connections_ended_total", name),
        100
    );
}
