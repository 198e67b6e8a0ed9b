//! Sources of one's own: asked when something is built, and again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use mtls::error::RotationError;
use mtls::material::{SignatureScheme, SigningKey};
use mtls::pki_types::SubjectPublicKeyInfoDer;
use mtls::policy::RevocationDepth;
use mtls::rotation::{ReloadTrigger, SourceError};
use mtls::{
    BuildError, MtlsServer, PeerMatcher, RevocationLists, RevocationRules, Rotation, Rustls,
    Source, VerifierPolicy,
};
use x509_cert::der::{Decode, Encode};

use crate::common::on_one_line;
use crate::common::pki::crl::Crl;
use crate::common::pki::{Authority, Cast, Leaf, Validity};
use crate::stage::{LIMIT, Received, anchors, client_of, eventually, identity, meet, server_of};

pub struct FromFn<F>(F);

pub fn from_fn<F>(load: F) -> FromFn<F>
where
    F: FnMut(&ReloadTrigger) -> Result<Rotation, SourceError> + Send + 'static,
{
    FromFn(load)
}

impl<F> Source for FromFn<F>
where
    F: FnMut(&ReloadTrigger) -> Result<Rotation, SourceError> + Send + 'static,
{
    fn load(&mut self, reload: &ReloadTrigger) -> Result<Rotation, SourceError> {
        (self.0)(reload)
    }
}

/// What a source gives, for the test to change; and its trigger.
#[derive(Clone, Default)]
struct StoredRotation {
    given: Arc<Mutex<Option<Rotation>>>,
    trigger: Arc<Mutex<Option<ReloadTrigger>>>,
    asked: Arc<AtomicU64>,
}

impl StoredRotation {
    fn holding(rotation: Rotation) -> Self {
        let stored = Self::default();
        stored.put(Some(rotation));
        stored
    }

    /// `None` for a failure.
    fn put(&self, rotation: Option<Rotation>) {
        *self.given.lock().unwrap() = rotation;
    }

    fn reload(&self) {
        self.trigger.lock().unwrap().as_ref().unwrap().now();
    }

    fn source(&self) -> impl Source {
        let stored = self.clone();
        from_fn(move |reload| {
            stored.asked.fetch_add(1, Ordering::SeqCst);
            *stored.trigger.lock().unwrap() = Some(reload.clone());
            let given = stored.given.lock().unwrap().clone();
            given.ok_or_else(|| SourceError::from("nothing is stored"))
        })
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

fn all_of(cast: &Cast) -> Rotation {
    Rotation::new()
        .identity(identity(&cast.server))
        .trust_anchors(anchors(&[&cast.root]))
        .origin("the main store")
}

fn server_from(stored: &StoredRotation, received: &Received) -> MtlsServer<Rustls> {
    MtlsServer::builder()
        .policy(VerifierPolicy::allow_any_authenticated())
        .source(stored.source())
        .poll_interval(Duration::from_secs(3600))
        .observer(received.listen())
        .build(Rustls::default())
        .unwrap()
}

#[test]
fn a_source_gives_the_first_revision_and_the_next() {
    let (cast, received) = (Cast::assemble(), Received::default());
    let stored = StoredRotation::holding(all_of(&cast));
    let server = server_from(&stored, &received);
    let client = client_of(&cast).build(Rustls::default()).unwrap();
    assert_eq!(meet(&client, &server).1.unwrap().revision(), 1);
    assert_eq!(stored.asked(), 1);

    // The same again is no revision.
    stored.reload();
    eventually("asked", || server.handle().status().reloads() == 2);
    assert_eq!(server.handle().status().revision(), 1);

    for round in 2..=4_u64 {
        let next = Leaf::named(&format!("round {round}"))
            .dns("localhost")
            .server();
        let next = identity(&next.issued_by(&cast.intermediate).with(&cast.intermediate));
        stored.put(Some(all_of(&cast).identity(next)));
        stored.reload();
        eventually("rotated", || server.handle().status().revision() == round);
        let (connected, _) = meet(&client, &server);
        assert_eq!(
            connected.unwrap().peer().subject(),
            format!("CN=round {round}")
        );
    }
    assert_eq!(received.count("Rotated"), 3);
    assert_eq!(server.handle().status().failures(), 0);
}

#[test]
fn a_source_is_asked_by_itself_as_often_as_was_said() {
    let cast = Cast::assemble();
    let stored = StoredRotation::holding(all_of(&cast));
    let server = server_of(&cast).source(stored.source());
    let server = server
        .poll_interval(Duration::from_millis(20))
        .build(Rustls::default())
        .unwrap();
    eventually("asked 5 times", || stored.asked() >= 5);
    // And at once, where the owner says so.
    drop(server);
    let rarely = Duration::from_secs(3600);
    let server_asks = server_of(&cast)
        .source(stored.source())
        .poll_interval(rarely);
    let server_asks = server_asks.build(Rustls::default()).unwrap();
    let before = server_asks.handle().status().reloads();
    server_asks.handle().reload();
    eventually("asked at once", || {
        server_asks.handle().status().reloads() > before
    });
    let client_asks = client_of(&cast)
        .source(stored.source())
        .poll_interval(rarely);
    let client_asks = client_asks.build(Rustls::default()).unwrap();
    let before = client_asks.handle().status().reloads();
    client_asks.handle().reload();
    eventually("asked at once", || {
        client_asks.handle().status().reloads() > before
    });
}

#[test]
fn failed_reloads_are_reported_and_counted_and_lose_nothing() {
    let (cast, received) = (Cast::assemble(), Received::default());
    let stored = StoredRotation::holding(all_of(&cast));
    let server = server_from(&stored, &received);
    let client = client_of(&cast).build(Rustls::default()).unwrap();

    stored.put(None);
    stored.reload();
    // It is asked again by itself: after half a second first.
    eventually("failed twice", || server.handle().status().failures() >= 2);
    let status = server.handle().status();
    let failure = status.last_failure().unwrap();
    assert!(failure.consecutive() >= 2, "{failure}");
    let reported = on_one_line(failure);
    assert!(reported.contains("nothing is stored"), "{reported}");
    assert_eq!(failure.origin(), None);
    assert_eq!(meet(&client, &server).1.unwrap().revision(), 1);

    // What is rejected names where it came from.
    let stranger = Authority::named("Stranger");
    stored.put(Some(all_of(&cast).trust_anchors(anchors(&[&stranger]))));
    stored.reload();
    eventually("rejected", || {
        let status = server.handle().status();
        status
            .last_failure()
            .is_some_and(|failure| failure.origin() == Some("the main store"))
    });
    let reported = on_one_line(server.handle().status().last_failure().unwrap());
    assert!(
        reported.contains("do not authenticate our own identity"),
        "{reported}"
    );
    assert_eq!(meet(&client, &server).1.unwrap().revision(), 1);
    let failures = server.handle().status().failures();
    assert_eq!(
        received.count("ReloadFailed"),
        usize::try_from(failures).unwrap()
    );

    stored.put(Some(all_of(&cast)));
    stored.reload();
    eventually("recovered", || {
        server.handle().status().last_failure().is_none()
    });
    assert_eq!(server.handle().status().revision(), 1);
}

#[test]
fn a_source_that_cannot_begin_fails_the_build() {
    let cast = Cast::assemble();
    let build = |source: Box<dyn Source>| {
        let server = server_of(&cast).source(source).build(Rustls::default());
        let error = server.map(drop).unwrap_err();
        assert!(matches!(error, BuildError::Source(_)), "{error}");
        std::error::Error::source(&error).unwrap().to_string()
    };
    let stored = StoredRotation::default();
    assert_eq!(build(Box::new(stored.source())), "nothing is stored");
    let panics = from_fn(|_| panic!("a source that panics, as the test wants it"));
    assert!(build(Box::new(panics)).contains("panicked"));
}

#[test]
fn a_source_that_panics_has_failed_and_is_asked_again() {
    let cast = Cast::assemble();
    let mut times = 0;
    let source = from_fn(move |_| {
        times += 1;
        match times {
            2 => panic!("a source that panics, as the test wants it"),
            _ => Ok(Rotation::new()),
        }
    });
    let server = server_of(&cast)
        .source(source)
        .poll_interval(Duration::from_millis(20));
    let server = server.build(Rustls::default()).unwrap();
    eventually("recovered", || {
        let status = server.handle().status();
        status.failures() == 1 && status.last_failure().is_none() && status.reloads() >= 2
    });
}

#[test]
fn what_a_source_does_not_give_stays_as_it_was_given() {
    let (cast, other) = (Cast::assemble(), Authority::named("Other"));
    let stored =
        StoredRotation::holding(Rotation::new().trust_anchors(anchors(&[&cast.root, &other])));
    let server = server_of(&cast)
        .source(stored.source())
        .build(Rustls::default())
        .unwrap();
    let bob = Leaf::named("bob").client().issued_by(&other);
    let bob = client_of(&cast)
        .identity(identity(&bob))
        .build(Rustls::default())
        .unwrap();
    assert!(meet(&bob, &server).1.is_ok());
    // By hand and by the source at the same time: the last word counts.
    let next = Leaf::named("by hand")
        .dns("localhost")
        .server()
        .issued_by(&cast.root);
    server
        .handle()
        .rotate(Rotation::new().identity(identity(&next)))
        .unwrap();
    stored.reload();
    eventually("asked", || server.handle().status().reloads() == 2);
    assert_eq!(
        meet(&bob, &server).0.unwrap().peer().subject(),
        "CN=by hand"
    );
}

#[test]
fn degraded_is_shown_until_it_is_over() {
    let cast = Cast::assemble();
    let stored = StoredRotation::holding(all_of(&cast));
    let server = server_from(&stored, &Received::default());
    stored.put(Some(all_of(&cast).degraded("polled, not watched")));
    stored.reload();
    eventually("degraded", || {
        server.handle().status().degraded() == Some("polled, not watched")
    });
    stored.put(Some(all_of(&cast)));
    stored.reload();
    eventually("over", || server.handle().status().degraded().is_none());
    assert_eq!(server.handle().status().revision(), 1);
}

#[test]
fn the_thread_ends_with_the_server() {
    let cast = Cast::assemble();
    let stored = StoredRotation::holding(all_of(&cast));
    let server = server_from(&stored, &Received::default());
    let trigger = stored.trigger.lock().unwrap().clone().unwrap();
    let copy = server.clone();
    drop(server);
    assert!(!trigger.is_over());
    // It still works for the copy, and stops when that is dropped.
    stored.reload();
    eventually("asked", || copy.handle().status().reloads() == 2);
    drop(copy);
    assert!(trigger.is_over());
    let held = Arc::downgrade(&stored.given);
    drop(trigger);
    let StoredRotation { given, trigger, .. } = stored;
    drop(trigger);
    drop(given);
    // The source itself is gone, so the thread that had it is.
    eventually("the source was dropped", || held.upgrade().is_none());
}

#[test]
fn what_a_source_has_given_before_undoes_nothing() {
    let (cast, evil) = (Cast::assemble(), Authority::named("Evil"));
    let stored =
        StoredRotation::holding(all_of(&cast).trust_anchors(anchors(&[&cast.root, &evil])));
    let server = server_from(&stored, &Received::default());
    let mallory = Leaf::named("mallory").client().issued_by(&evil);
    let mallory = client_of(&cast)
        .identity(identity(&mallory))
        .build(Rustls::default())
        .unwrap();
    assert!(meet(&mallory, &server).1.is_ok());
    // Thrown out by hand, while the source still gives it.
    server
        .handle()
        .rotate(Rotation::new().trust_anchors(anchors(&[&cast.root])))
        .unwrap();
    for asked in 2..=4 {
        stored.reload();
        eventually("asked", || server.handle().status().reloads() == asked);
        assert_eq!(server.handle().status().revision(), 2);
        assert!(meet(&mallory, &server).1.is_err());
    }
    // What the source gives anew takes effect, and what was rejected is tried again.
    let stranger = Authority::named("Stranger");
    stored.put(Some(all_of(&cast).trust_anchors(anchors(&[&stranger]))));
    for failures in 1..=2 {
        stored.reload();
        eventually("rejected", || {
            server.handle().status().failures() >= failures
        });
    }
    stored.put(Some(
        all_of(&cast).trust_anchors(anchors(&[&cast.root, &stranger])),
    ));
    stored.reload();
    eventually("rotated", || server.handle().status().revision() == 3);
}

#[test]
fn a_storm_of_calls_does_not_keep_the_source_busy() {
    let cast = Cast::assemble();
    let stored = StoredRotation::holding(all_of(&cast));
    let server = server_from(&stored, &Received::default());
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(600) {
        stored.reload();
        thread::yield_now();
    }
    eventually("asked", || server.handle().status().reloads() > 2);
    let asked = stored.asked();
    let paced = began.elapsed().as_millis() / 50 + 3;
    assert!(
        u128::from(asked) <= paced,
        "asked {asked} times in {:?}",
        began.elapsed()
    );
}

#[test]
fn the_same_certificate_with_another_signer_is_news() {
    /// Signs by nothing: it is not reached before it has proved itself.
    struct Fresh(Vec<u8>);

    impl SigningKey for Fresh {
        fn public_key(&self) -> SubjectPublicKeyInfoDer<'_> {
            self.0.as_slice().into()
        }

        fn schemes(&self) -> &[SignatureScheme] {
            &[SignatureScheme::EcdsaP256Sha256]
        }

        fn sign(
            &self,
            _: SignatureScheme,
            _: &[u8],
        ) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
            Err("the token is away".into())
        }
    }

    let cast = Cast::assemble();
    let server = server_of(&cast).build(Rustls::default()).unwrap();
    let chain = mtls::CertificateChain::from_der(cast.server.chain.clone()).unwrap();
    let leaf = x509_cert::Certificate::from_der(cast.server.leaf()).unwrap();
    let spki = leaf
        .tbs_certificate()
        .subject_public_key_info()
        .to_der()
        .unwrap();
    let elsewhere = mtls::MtlsIdentity::from_signing_key(chain, Arc::new(Fresh(spki))).unwrap();
    // Were it taken for the same, this would be a success that changes nothing.
    let tried = server
        .handle()
        .rotate(Rotation::new().identity(elsewhere))
        .unwrap_err();
    assert!(
        matches!(
            tried,
            RotationError::Build(BuildError::SigningKeyFailed { .. })
        ),
        "{tried}"
    );
}

#[test]
fn a_policy_that_was_rejected_with_the_rest_is_not_lost() {
    let cast = Cast::assemble();
    let stored = StoredRotation::holding(all_of(&cast));
    let server = server_from(&stored, &Received::default());
    let client = client_of(&cast).build(Rustls::default()).unwrap();
    let rejects_all = VerifierPolicy::allow(PeerMatcher::dns("unused.test").unwrap());
    let expired = Leaf::named("expired").dns("localhost").server();
    let expired = expired.validity(Validity::expired()).issued_by(&cast.root);
    // Narrowed, beside an identity that is rejected: nothing of it is taken.
    stored.put(Some(
        all_of(&cast)
            .policy(rejects_all.clone())
            .identity(identity(&expired)),
    ));
    stored.reload();
    eventually("rejected", || server.handle().status().failures() == 1);
    assert!(meet(&client, &server).1.is_ok());
    // A source gives everything each time, so the policy comes again; after that it changes nothing.
    stored.put(Some(all_of(&cast).policy(rejects_all)));
    for asked in 2..=4 {
        stored.reload();
        eventually("taken", || server.handle().status().reloads() == asked);
        assert_eq!(server.handle().status().revision(), 2);
        assert!(meet(&client, &server).1.is_err());
    }
}

#[test]
fn a_revision_and_the_end_of_a_failure_are_shown_together() {
    let cast = Cast::assemble();
    let stored = StoredRotation::holding(all_of(&cast));
    let server = server_from(&stored, &Received::default());
    let mut watch = server.handle().status_changes();
    for round in 2..=6 {
        stored.put(None);
        stored.reload();
        assert!(watch.wait(LIMIT).unwrap().last_failure().is_some());
        let next = Leaf::named("next").dns("localhost").server();
        stored.put(Some(
            all_of(&cast).identity(identity(&next.issued_by(&cast.root))),
        ));
        stored.reload();
        let mut status = watch.wait(LIMIT).unwrap();
        // It may have failed once more before.
        while status.revision() != round {
            assert!(status.last_failure().is_some());
            status = watch.wait(LIMIT).unwrap();
        }
        assert!(
            status.last_failure().is_none(),
            "revision {round} shows an old failure"
        );
    }
}

#[test]
fn a_failure_that_ends_without_news_wakes_the_watch_and_no_news_do_not() {
    let cast = Cast::assemble();
    let stored = StoredRotation::holding(all_of(&cast));
    let server = server_from(&stored, &Received::default());
    let mut watch = server.handle().status_changes();
    stored.put(None);
    stored.reload();
    let mut status = watch.wait(LIMIT).unwrap();
    stored.put(Some(all_of(&cast)));
    stored.reload();
    while status.last_failure().is_some() {
        status = watch.wait(LIMIT).expect("the failure has ended");
    }
    assert_eq!(status.revision(), 1);
    let before = server.handle().status().reloads();
    stored.reload();
    eventually("asked", || server.handle().status().reloads() > before);
    assert!(watch.wait(Duration::from_millis(50)).is_none());
}

#[test]
fn what_is_degraded_from_the_start_is_shown_from_the_start() {
    let cast = Cast::assemble();
    let stored = StoredRotation::holding(all_of(&cast).degraded("polled, not watched"));
    let server = server_from(&stored, &Received::default());
    assert_eq!(
        server.handle().status().degraded(),
        Some("polled, not watched")
    );
}

#[test]
fn lists_come_and_go_with_the_rules_that_ask_for_them() {
    let cast = Cast::assemble();
    let rules = RevocationRules::require(RevocationDepth::Leaf);
    let asking = VerifierPolicy::allow_any_authenticated().revocation(rules);
    let lists = |number: u8| {
        let crl = Crl::new().number(&[number]).lists(cast.alice.leaf());
        RevocationLists::from_der([crl.signed_by(&cast.intermediate)]).unwrap()
    };
    let all = |policy: &VerifierPolicy, number: u8| {
        let all = all_of(&cast).revocation_lists(lists(number));
        Some(all.policy(policy.clone()))
    };
    let stored = StoredRotation::holding(all(&asking, 1).unwrap());
    let server = server_from(&stored, &Received::default());
    let alice = client_of(&cast).build(Rustls::default()).unwrap();
    let rejected = || meet(&alice, &server).1.is_err();
    assert!(rejected());
    // A source keeps giving its lists, and newer ones, when no policy asks for them any more.
    let without = VerifierPolicy::allow_any_authenticated();
    for (number, revision) in [(1, 2), (2, 2)] {
        let before = server.handle().status().reloads();
        stored.put(all(&without, number));
        stored.reload();
        eventually("taken", || server.handle().status().reloads() > before);
        eventually("without rules", || {
            server.handle().status().revision() == revision
        });
        assert!(!rejected());
    }
    assert_eq!(server.handle().status().failures(), 0);
    // The rules are back, by the source or by hand, and with them the lists that it gave last.
    stored.put(all(&asking, 2));
    stored.reload();
    eventually("with rules", || server.handle().status().revision() == 3);
    assert!(rejected());
    server
        .handle()
        .rotate(Rotation::new().policy(without))
        .unwrap();
    assert!(!rejected());
    server
        .handle()
        .rotate(Rotation::new().policy(asking))
        .unwrap();
    assert!(rejected());
}
