//! What the status says of a source, at every moment: a revision and a failure that stand beside each other are of the
//! same time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use mtls::rotation::StatusChanges;
use mtls::{Event, MtlsIdentity, MtlsServer, Rotation, Rustls, Status, VerifierPolicy};

use super::common::on_one_line;
use super::place::Place;
use super::stage::LIMIT;

/// How many failures, each mended by a new revision.
const ROUNDS: u64 = 12;

/// What the observer saw: the server's status, and what the watch had to tell, each at the moment of an event.
#[derive(Default)]
struct Seen {
    server: OnceLock<(MtlsServer<Rustls>, Mutex<StatusChanges>)>,
    at_rotations: Mutex<Vec<(u64, Status)>>,
    at_failures: Mutex<Vec<Status>>,
}

impl Seen {
    fn note(&self, event: &Event<'_>) {
        let Some((server, changes)) = self.server.get() else {
            return;
        };
        let mut changes = changes.lock().unwrap();
        let reported = changes.wait(Duration::ZERO);
        match event {
            Event::Rotated { revision, .. } => {
                let all = [Some(server.handle().status()), reported]
                    .into_iter()
                    .flatten();
                let mut seen = self.at_rotations.lock().unwrap();
                seen.extend(all.map(|status| (*revision, status)));
            }
            Event::ReloadFailed(_) => {
                let all = [Some(server.handle().status()), reported]
                    .into_iter()
                    .flatten();
                self.at_failures.lock().unwrap().extend(all);
            }
            _ => {}
        }
    }
}

fn serve(place: &Place) -> Arc<Seen> {
    let seen = Arc::new(Seen::default());
    let server = MtlsServer::builder()
        .source(place.files())
        .poll_interval(Duration::from_secs(600))
        .policy(VerifierPolicy::allow_any_authenticated())
        .observer({
            let seen = Arc::downgrade(&seen);
            move |event| {
                if let Some(seen) = seen.upgrade() {
                    seen.note(event);
                }
            }
        })
        .build(Rustls::default())
        .unwrap();
    let changes = Mutex::new(server.handle().status_changes());
    assert!(seen.server.set((server, changes)).is_ok());
    seen
}

#[track_caller]
fn wait(server: &MtlsServer<Rustls>, is_so: impl Fn(&Status) -> bool) {
    let started = std::time::Instant::now();
    while !is_so(&server.handle().status()) {
        assert!(started.elapsed() < LIMIT, "{:?}", server.handle().status());
        thread::sleep(Duration::from_millis(1));
    }
}

/// A revision that ends a failure is never shown with it, nor is a failure with the revision after
/// it: not to threads that poll the status, not to those that wait, and not to the observer, which
/// is called between the two.
#[test]
fn a_new_revision_is_not_shown_with_the_failure_before_it() {
    let place = Place::new();
    let seen = serve(&place);
    let (server, _) = seen.server.get().unwrap();
    let is_over = AtomicBool::new(false);
    let (looked, waited) = thread::scope(|scope| {
        let looking = scope.spawn(|| {
            let mut all = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                let status = server.handle().status();
                let is_new = |last: &Status| {
                    (
                        last.revision(),
                        last.failures(),
                        last.last_failure().is_some(),
                    ) != (
                        status.revision(),
                        status.failures(),
                        status.last_failure().is_some(),
                    )
                };
                if all.last().is_none_or(is_new) {
                    all.push(status);
                }
                thread::sleep(Duration::from_micros(50));
            }
            all
        });
        let waiting = scope.spawn(|| {
            let (mut all, mut changes) = (Vec::new(), server.handle().status_changes());
            while !is_over.load(Ordering::Relaxed) {
                all.extend(changes.wait(Duration::from_millis(100)));
            }
            all
        });
        for round in 1..=ROUNDS {
            place.write("tls.crt", "");
            wait(server, |status| status.last_failure().is_some());
            // In one step, so that there is one revision for each failure.
            let next = place.server(&format!("round {round}"));
            place.replace("tls.key", next.key_pem());
            place.replace("tls.crt", next.chain_pem());
            wait(server, |status| status.last_failure().is_none());
        }
        is_over.store(true, Ordering::Relaxed);
        (looking.join().unwrap(), waiting.join().unwrap())
    });
    let at_rotations = seen.at_rotations.lock().unwrap();
    assert!(at_rotations.len() as u64 >= ROUNDS);
    for (revision, status) in &*at_rotations {
        assert_eq!(status.revision(), *revision);
        assert!(
            status.last_failure().is_none(),
            "revision {revision} with a failure: {status:?}"
        );
    }
    let at_failures = seen.at_failures.lock().unwrap();
    assert!(at_failures.len() as u64 >= ROUNDS);
    for status in &*at_failures {
        assert!(status.last_failure().is_some(), "{status:?}");
    }
    for all in [looked, waited] {
        assert!(all.len() as u64 >= ROUNDS, "{}", all.len());
        for pair in all.windows(2) {
            let [before, after] = pair else { continue };
            assert!(after.revision() >= before.revision());
            // The same failure as before under a new revision.
            let is_carried = after.revision() > before.revision()
                && after.failures() == before.failures()
                && after.last_failure().is_some();
            assert!(!is_carried, "{before:?}, then {after:?}");
        }
    }
    assert_eq!(server.handle().status().revision(), ROUNDS + 1);
}

/// A rotation by hand while the source fails: the failure is shown before and after it.
#[test]
fn a_rotation_by_hand_does_not_hide_that_the_source_fails() {
    let place = Place::new();
    let seen = serve(&place);
    let (server, _) = seen.server.get().unwrap();
    place.write("tls.crt", "");
    wait(server, |status| status.last_failure().is_some());
    let by_hand = place.server("by hand");
    let identity =
        MtlsIdentity::from_der(by_hand.chain.clone(), by_hand.key.secret_pkcs8_der()).unwrap();
    assert_eq!(
        server
            .handle()
            .rotate(Rotation::new().identity(identity))
            .unwrap(),
        2
    );
    let status = server.handle().status();
    assert_eq!(status.revision(), 2);
    let failure = on_one_line(status.last_failure().unwrap());
    assert!(failure.contains("tls.crt"), "{failure}");
    place.install(&place.server("from the files"));
    wait(server, |status| {
        status.last_failure().is_none() && status.revision() > 2
    });
}
