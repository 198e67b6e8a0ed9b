//! Status, waiting for it, and warnings before something runs out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use mtls::policy::RevocationDepth;
use mtls::{PeerMatcher, RevocationLists, RevocationRules, Rotation, Rustls, VerifierPolicy};

use sha2::{Digest, Sha256};

use crate::common::pki::crl::Crl;
use crate::common::pki::{Cast, Leaf, Validity};
use crate::stage::{Clock, LIMIT, Received, eventually, identity, server_of};

/// A policy that was not there before.
fn another() -> Rotation {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("peer{}.test", NEXT.fetch_add(1, Ordering::SeqCst));
    let policy = VerifierPolicy::allow(PeerMatcher::dns(&name).unwrap());
    Rotation::new().policy(policy)
}

#[test]
fn the_status_reports_when_what_serves_runs_out() {
    let cast = Cast::assemble();
    let clock = Clock::now();
    let rules = RevocationRules::require(RevocationDepth::Leaf);
    let lists = RevocationLists::from_der([Crl::new().signed_by(&cast.intermediate)]).unwrap();
    let server = server_of(&cast)
        .policy(VerifierPolicy::allow_any_authenticated().revocation(rules))
        .revocation_lists(lists.clone())
        .clock(clock.read())
        .build(Rustls::default())
        .unwrap();
    let status = server.handle().status();
    assert_eq!(status.revision(), 1);
    assert_eq!(status.loaded_at(), clock.read()());
    let in_days =
        |at: pki_types::UnixTime| (at.as_secs() - clock.read()().as_secs() + 43_200) / 86_400;
    assert_eq!(in_days(status.identity_expires_at()), 30);
    assert_eq!(
        status.revocation_lists_expire_at(),
        Some(lists.next_update())
    );
    assert!(status.anchors_expire_at() >= status.identity_expires_at());
    let sha256 = |der: &[u8]| <[u8; 32]>::from(Sha256::digest(der));
    assert_eq!(status.certificate_sha256(), sha256(cast.server.leaf()));
    let root = sha256(&cast.root.certificate());
    assert_eq!(status.trust_anchor_sha256s(), [root]);
    clock.advance(Duration::from_secs(60));
    server
        .handle()
        .rotate(another().policy(VerifierPolicy::allow_any_authenticated()))
        .unwrap();
    let status = server.handle().status();
    assert_eq!((status.revision(), status.loaded_at()), (2, clock.read()()));
    assert_eq!(status.revocation_lists_expire_at(), None);
}

#[test]
fn a_thread_waits_for_the_next_change() {
    let cast = Cast::assemble();
    let server = server_of(&cast).build(Rustls::default()).unwrap();
    let mut watch = server.handle().status_changes();
    assert!(
        watch.wait(Duration::from_millis(20)).is_none(),
        "nothing has changed"
    );
    // What happened between two waits is not missed.
    server.handle().rotate(another()).unwrap();
    server.handle().rotate(another()).unwrap();
    assert_eq!(watch.wait(LIMIT).unwrap().revision(), 3);
    assert!(watch.wait(Duration::from_millis(20)).is_none());
    let waiting = thread::spawn(move || {
        let status = watch.wait(LIMIT).unwrap();
        (status.revision(), watch.wait(LIMIT).is_none())
    });
    server.handle().rotate(another()).unwrap();
    drop(server);
    assert_eq!(
        waiting.join().unwrap(),
        (4, true),
        "the end is reported as well"
    );
}

#[test]
fn a_task_waits_for_the_next_change() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let cast = Cast::assemble();
    let server = server_of(&cast).build(Rustls::default()).unwrap();
    runtime.block_on(async {
        let mut watch = server.handle().status_changes();
        let mut second = watch.clone();
        let idle = tokio::time::timeout(Duration::from_millis(20), watch.changed());
        assert!(idle.await.is_err(), "nothing has changed");
        let task = tokio::spawn(async move {
            let first = watch.changed().await.unwrap().revision();
            (first, watch.changed().await.is_none())
        });
        tokio::task::yield_now().await;
        server.handle().rotate(another()).unwrap();
        let reported = tokio::time::timeout(LIMIT, second.changed()).await.unwrap();
        assert_eq!(reported.unwrap().revision(), 2);
        tokio::task::yield_now().await;
        drop(server);
        let reported = tokio::time::timeout(LIMIT, task).await.unwrap().unwrap();
        assert_eq!(reported, (2, true));
    });
}

#[test]
fn expiring_items_are_reported_once_for_each_configured_time() {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let cast = Cast::assemble();
    let (clock, received) = (Clock::now(), Received::default());
    let rules = RevocationRules::require(RevocationDepth::Leaf);
    let lists = RevocationLists::from_der([Crl::new().signed_by(&cast.intermediate)]).unwrap();
    let server = server_of(&cast)
        .policy(VerifierPolicy::allow_any_authenticated().revocation(rules))
        .revocation_lists(lists)
        .clock(clock.read())
        .observer(received.listen())
        .warn_before_expiry([3 * DAY, DAY])
        .build(Rustls::default())
        .unwrap();
    let reported = |what: &str| {
        let reported = received.all();
        reported
            .iter()
            .filter(|t| t.contains("Expiring") && t.contains(what))
            .count()
    };
    // A list lasts for 7 days here, our own chain for 30. A reload has the clock looked at now and not in a minute.
    let look = |expected: usize, what: &str| {
        eventually(
            &format!("{expected} warnings of {what}: {:?}", received.all()),
            || {
                server.handle().reload();
                reported(what) >= expected
            },
        );
        assert_eq!(reported(what), expected);
    };
    clock.advance(5 * DAY);
    look(1, "RevocationList");
    clock.advance(DAY + DAY / 2);
    look(2, "RevocationList");
    clock.advance(DAY);
    look(3, "RevocationList");
    assert_eq!(reported("Identity"), 0);
    clock.advance(20 * DAY);
    look(1, "Identity");
    assert!(
        received
            .all()
            .iter()
            .any(|t| t.contains("CN=server") || t.contains("CN=Ivo"))
    );
    // Renewed: the next one is counted by itself.
    let now = time::OffsetDateTime::now_utc();
    let next = Leaf::named("renewed")
        .dns("localhost")
        .server()
        .validity(Validity {
            not_before: (now - time::Duration::hours(1)).into(),
            not_after: (now + time::Duration::days(29)).into(),
        });
    server
        .handle()
        .rotate(Rotation::new().identity(identity(&next.issued_by(&cast.root))))
        .unwrap();
    look(2, "Identity");
    clock.advance(2 * DAY);
    look(3, "Identity");
}

#[test]
fn without_a_source_expiry_is_not_reported_by_default() {
    let cast = Cast::assemble();
    let (clock, received) = (Clock::now(), Received::default());
    let server = server_of(&cast)
        .clock(clock.read())
        .observer(received.listen());
    let server = server.build(Rustls::default()).unwrap();
    clock.advance(Duration::from_secs(29 * 24 * 3600));
    server.handle().reload();
    thread::sleep(Duration::from_millis(50));
    assert_eq!(received.all(), Vec::<String>::new());
}

/// Counts how often it is woken, and panics at that.
struct Panicking(AtomicUsize);

impl Wake for Panicking {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
        panic!("a waker that panics, as the test wants it");
    }
}

#[test]
fn a_waker_that_panics_does_not_stop_the_others() {
    let cast = Cast::assemble();
    let server = server_of(&cast).build(Rustls::default()).unwrap();
    let (mut first, mut second) = (
        server.handle().status_changes(),
        server.handle().status_changes(),
    );
    let panicking = Arc::new(Panicking(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&panicking));
    let mut waiting = Box::pin(first.changed());
    let mut context = Context::from_waker(&waker);
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    assert_eq!(server.handle().rotate(another()).unwrap(), 2);
    assert_eq!(panicking.0.load(Ordering::SeqCst), 1);
    assert_eq!(second.wait(LIMIT).unwrap().revision(), 2);
    assert!(waiting.as_mut().poll(&mut context).is_ready());
}

#[test]
fn a_future_that_is_dropped_leaves_nothing_behind() {
    let cast = Cast::assemble();
    let server = server_of(&cast).build(Rustls::default()).unwrap();
    let counted = Arc::new(Panicking(AtomicUsize::new(0)));
    for _ in 0..100 {
        let mut watch = server.handle().status_changes();
        let waker = Waker::from(Arc::clone(&counted));
        let waiting = std::pin::pin!(watch.changed());
        assert!(waiting.poll(&mut Context::from_waker(&waker)).is_pending());
    }
    assert_eq!(Arc::strong_count(&counted), 1);
}
