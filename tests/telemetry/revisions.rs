//! Gauges and traces of revisions: what is in force, and what became of rotations and sources.

use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mtls::connection::LiveConnections;
use mtls::pki_types::UnixTime;
use mtls::policy::RevocationDepth;
use mtls::rotation::{ReloadTrigger, SourceError};
use mtls::{
    PeerMatcher, RevocationLists, RevocationRules, Rotation, Rustls, Source, Status, VerifierPolicy,
};
use tracing::Level;

use super::callers::{self, Callers, wait_until};
use super::capture::{Recorder, Traces, recorder};
use super::common::pki::Leaf;
use super::common::pki::crl::{Crl, CrlTools as _};

fn rules() -> VerifierPolicy {
    VerifierPolicy::allow_any_authenticated()
        .revocation(RevocationRules::require(RevocationDepth::Leaf))
}

fn expiry(recorder: &Recorder, name: &str, item: &str) -> Option<f64> {
    let gauges = recorder.gauges("mtls_expiry_timestamp_seconds", name);
    let mut of_item = gauges.iter().filter(|(labels, _)| labels["item"] == item);
    of_item.next().map(|(_, value)| *value)
}

fn seconds(time: UnixTime) -> f64 {
    Duration::from_secs(time.as_secs()).as_secs_f64()
}

#[track_caller]
fn assert_agrees(recorder: &Recorder, name: &str, status: &Status) {
    let revision = recorder.gauge("mtls_revision", name);
    assert_eq!(
        revision,
        f64::from(u32::try_from(status.revision()).unwrap())
    );
    let of_item = |item| expiry(recorder, name, item).filter(|time| !time.is_nan());
    assert_eq!(
        of_item("identity"),
        Some(seconds(status.identity_expires_at()))
    );
    assert_eq!(
        of_item("trust_anchors"),
        Some(seconds(status.anchors_expire_at()))
    );
    let lists = status.revocation_lists_expire_at().map(seconds);
    assert_eq!(of_item("revocation_lists"), lists);
    let updated = recorder.gauges("mtls_revocation_list_timestamp_seconds", name);
    let updated = updated.first().map(|(_, time)| *time);
    let updated = updated.filter(|time| !time.is_nan());
    assert_eq!(updated, status.revocation_lists_updated_at().map(seconds));
}

#[test]
fn gauges_agree_with_the_status() {
    let (recorder, name) = (recorder(), "gauges");
    let callers = Callers::new();
    let cast = &callers.cast;
    let server = callers::server(cast)
        .name(name)
        .build(Rustls::default())
        .unwrap();
    let handle = server.handle();
    assert_agrees(recorder, name, &handle.status());

    let renewed = Leaf::named("server").dns("localhost").server();
    let renewed = renewed
        .issued_by(&cast.intermediate)
        .with(&cast.intermediate);
    let renewed = Rotation::new().identity(callers::identity(&renewed));
    handle.rotate(renewed).unwrap();
    assert_agrees(recorder, name, &handle.status());

    // An older list, and one that expires sooner.
    let day = time::Duration::DAY;
    let old = Crl::new().dated_by(-3 * day, Some(9 * day));
    let soon = Crl::new().dated_by(-day, Some(2 * day));
    let lists = [
        old.signed_by(&cast.root),
        soon.signed_by(&cast.intermediate),
    ];
    let lists = RevocationLists::from_der(lists).unwrap();
    handle
        .rotate(Rotation::new().policy(rules()).revocation_lists(lists))
        .unwrap();
    let status = handle.status();
    let age = UnixTime::now().as_secs() - status.revocation_lists_updated_at().unwrap().as_secs();
    assert!(age.abs_diff(3 * 24 * 3600) < 60, "{age}");
    assert_agrees(recorder, name, &status);

    // Without rules the lists go, and their gauges are no number any more.
    let everyone = VerifierPolicy::allow_any_authenticated();
    handle.rotate(Rotation::new().policy(everyone)).unwrap();
    assert_agrees(recorder, name, &handle.status());
    assert!(expiry(recorder, name, "revocation_lists").unwrap().is_nan());
}

/// A recorder that is installed after the build has all gauges after the next handshake.
#[test]
fn a_late_recorder_gets_the_gauges() {
    let callers = Callers::new();
    let name = "late";
    let server = callers::server(&callers.cast).name(name);
    let server = server.build(Rustls::default()).unwrap();
    let client = callers::client(&callers.cast)
        .build(Rustls::default())
        .unwrap();
    let _before = callers::meet(&client, &server);
    let late = Recorder::default();
    let (near, far) = callers::pair();
    let stream = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut stream = client.connect("localhost", near).unwrap();
            stream.read_to_end(&mut Vec::new()).ok();
        });
        metrics::with_local_recorder(&late, || {
            let stream = server.accept(far).unwrap();
            assert_agrees(&late, name, &server.handle().status());
            // The one from before is open too.
            assert_eq!(late.gauge("mtls_connections", name), 2.0);
            drop(stream);
            late.gauge("mtls_connections", name)
        })
    });
    assert_eq!(stream, 1.0);
    assert_eq!(late.counter("mtls_handshakes_total", name), 1);
    assert!(late.described.lock().unwrap().len() > 10);
}

/// Fails each time that its number is odd, and gives a renewed policy each fourth time.
struct Unsteady {
    polls: Arc<AtomicU64>,
    trigger: Arc<Mutex<Option<ReloadTrigger>>>,
}

impl Source for Unsteady {
    fn load(&mut self, trigger: &ReloadTrigger) -> Result<Rotation, SourceError> {
        *self.trigger.lock().unwrap() = Some(trigger.clone());
        let poll = self.polls.fetch_add(1, Ordering::SeqCst);
        if poll % 2 == 1 {
            return Err(format!("the vault\nis away{}", "!".repeat(2_000)).into());
        }
        let most = 1 + usize::try_from(poll / 4 % 4).unwrap();
        let policy = VerifierPolicy::allow_any_authenticated().max_intermediates(most);
        Ok(Rotation::new().policy(policy))
    }
}

#[test]
fn polls_agree_with_the_status_and_the_observer() {
    let (recorder, name) = (recorder(), "polls");
    let callers = Callers::new();
    let (polls, trigger) = (Arc::new(AtomicU64::new(0)), Arc::default());
    let source = Unsteady {
        polls: Arc::clone(&polls),
        trigger: Arc::clone(&trigger),
    };
    let failures = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&failures);
    let server = callers::server(&callers.cast)
        .name(name)
        .source(source)
        .observer(move |event| {
            if let mtls::Event::ReloadFailed(_) = event {
                seen.fetch_add(1, Ordering::SeqCst);
            }
        })
        .build(Rustls::default())
        .unwrap();
    let count = |outcome: &str| {
        let reloads = recorder.counters("mtls_reloads_total", name);
        let of_outcome = reloads
            .iter()
            .filter(|(labels, _)| labels["outcome"] == outcome);
        of_outcome.map(|(_, count)| count).sum::<u64>()
    };
    assert_eq!((count("success"), count("failure")), (1, 0));
    for poll in 2..=12 {
        trigger.lock().unwrap().as_ref().unwrap().now();
        wait_until("it is polled", || polls.load(Ordering::SeqCst) >= poll);
    }
    let total = || count("success") + count("failure");
    wait_until("all are counted", || {
        total() == polls.load(Ordering::SeqCst)
    });
    let status = server.handle().status();
    assert_eq!(count("success"), status.reloads());
    assert_eq!(count("failure"), status.failures());
    assert_eq!(count("failure"), failures.load(Ordering::SeqCst));
    assert!(
        status.failures() >= 5 && status.rotations() >= 2,
        "{status}"
    );
    assert_agrees(recorder, name, &status);
}

#[test]
fn rotations_and_ends_are_traced_and_counted() {
    let (recorder, name) = (recorder(), "ends");
    let callers = Callers::new();
    let cast = &callers.cast;
    let traces = Traces::default();
    let server = callers::server(cast)
        .name(name)
        .live_connections(LiveConnections::Close)
        .retire_connections(Duration::from_millis(1));
    let server = server.build(Rustls::default()).unwrap();
    let client = callers::client(cast).build(Rustls::default()).unwrap();
    let (_near, far) = callers::meet(&client, &server);
    let renewed = Leaf::named("server").dns("localhost").server();
    let renewed = renewed
        .issued_by(&cast.intermediate)
        .with(&cast.intermediate);
    let renewed = Rotation::new().identity(callers::identity(&renewed));
    traces.during(|| server.handle().rotate(renewed).unwrap());
    far.connection()
        .wait(callers::LIMIT)
        .expect("it is retired");
    let ending = |cause: &str| {
        let counted = recorder.counters("mtls_connections_ending_total", name);
        let of_cause = counted
            .iter()
            .filter(|(labels, _)| labels["cause"] == cause);
        of_cause.map(|(_, count)| count).sum::<u64>()
    };
    wait_until("it is counted", || ending("retired") == 1);
    drop(far);
    let (_near, mut far) = callers::meet(&client, &server);
    let policy = VerifierPolicy::allow(PeerMatcher::dns("other.test").unwrap());
    server
        .handle()
        .rotate(Rotation::new().policy(policy))
        .unwrap();
    assert!(far.read(&mut [0]).is_err());
    wait_until("it is counted", || ending("rejected") == 1);
    let traces = traces.take();
    let rotated: Vec<_> = traces.iter().map(|t| (&*t.name, t.level)).collect();
    assert_eq!(rotated, [("another revision serves", Level::INFO)]);
    assert_eq!(traces[0].field("mtls.revision"), "2");
}

/// Warnings of the material are events at WARN and a counter.
#[test]
fn warnings_are_counted() {
    let (recorder, name) = (recorder(), "warnings");
    let callers = Callers::new();
    let cast = &callers.cast;
    // Without a purpose of servers.
    let leaf = Leaf::named("server").dns("localhost").client();
    let leaf = leaf.issued_by(&cast.intermediate).with(&cast.intermediate);
    let stranger = super::common::pki::Authority::named("Stranger");
    let lists = RevocationLists::from_der([
        Crl::new().signed_by(&stranger),
        Crl::new().signed_by(&cast.root),
        Crl::new().signed_by(&cast.intermediate),
    ]);
    let traces = Traces::default();
    let server = traces.during(|| {
        callers::server(cast)
            .name(name)
            .identity(callers::identity(&leaf))
            .policy(rules())
            .revocation_lists(lists.unwrap())
            .build(Rustls::default())
            .unwrap()
    });
    let warnings = recorder.counters("mtls_warnings_total", name);
    let count = |item: &str| {
        let of_item = warnings.iter().filter(|(labels, _)| labels["item"] == item);
        of_item.map(|(_, count)| *count).sum::<u64>()
    };
    assert_eq!(count("identity"), 1);
    let unclaimed = server.handle().status().unclaimed_revocation_lists().len();
    assert_eq!(count("revocation_list"), u64::try_from(unclaimed).unwrap());
    assert!(unclaimed > 0);
    let traces = traces.take();
    assert_eq!(traces.len(), 1 + unclaimed);
    assert!(traces.iter().all(|trace| trace.level == Level::WARN));
}

/// Works by a fallback while the number is not 0.
struct Fallback(Arc<AtomicU64>);

impl Source for Fallback {
    fn load(&mut self, _: &ReloadTrigger) -> Result<Rotation, SourceError> {
        Ok(match self.0.load(Ordering::SeqCst) {
            0 => Rotation::new(),
            _ => Rotation::new().degraded("the last answer"),
        })
    }
}

#[test]
fn a_source_that_works_by_a_fallback_is_shown() {
    let (recorder, name) = (recorder(), "fallback");
    let callers = Callers::new();
    let degraded = Arc::new(AtomicU64::new(1));
    let server = callers::server(&callers.cast)
        .name(name)
        .source(Fallback(Arc::clone(&degraded)))
        .build(Rustls::default())
        .unwrap();
    assert_eq!(recorder.gauge("mtls_degraded", name), 1.0);
    degraded.store(0, Ordering::SeqCst);
    server.handle().reload();
    wait_until("recovery", || recorder.gauge("mtls_degraded", name) == 0.0);
    assert!(server.handle().status().degraded().is_none());
}
