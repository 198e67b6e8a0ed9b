//! Resumption within a revision, on rustls: when a session is resumed, and when it is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tokio::runtime;
use tokio::time::timeout;

use mtls::connection::Resumption;
use mtls::pki_types::UnixTime;
use mtls::policy::RevocationDepth;
use mtls::{
    MtlsClient, PeerMatcher, RejectionReason as Reason, RevocationLists, RevocationRules, Rustls,
    VerifierPolicy,
};

use super::callers::{Caller, Keeping, Ours, OursAsync, RAW, talk_async};
use super::hosts::{Driven, accepts, accepts_async};
use super::{BOUND, DAY, HOUR, Stage, assert_accepted, assert_rejected, meet};
use crate::common::pki::crl::{Crl, CrlTools as _};
use crate::common::pki::{AuthorityBuilder, Credential, Leaf, Validity};
use crate::common::raw::{LIMIT, Version};

fn callers(stage: &Stage, version: Version) -> Vec<Box<dyn Caller>> {
    let raw = RAW
        .iter()
        .filter_map(|make| make(version, Some(&stage.alice)));
    let mut callers: Vec<_> = raw.collect();
    callers.push(Box::new(Ours(ours(stage, version, BOUND))));
    callers.push(Box::new(OursAsync(ours(stage, version, BOUND))));
    callers
}

fn ours(stage: &Stage, version: Version, resumption: Resumption) -> MtlsClient<Rustls> {
    let client = stage.client(version, &stage.alice).resumption(resumption);
    client.build(Rustls::default()).unwrap()
}

#[test]
fn resumes_as_often_as_it_is_asked() {
    let stage = Stage::set();
    for version in Version::ALL {
        for host in [accepts::<Rustls, _>, accepts_async::<Rustls, _>] {
            for caller in callers(&stage, version) {
                let server = stage.server(version).resumption(BOUND);
                let host = host(&server.build(Rustls::default()).unwrap());
                assert_accepted(&host, &*caller, &stage.alice, false);
                for _ in 0..4 {
                    assert_accepted(&host, &*caller, &stage.alice, true);
                }
            }
        }
    }
    assert_eq!(stage.reported(), []);
}

/// Many handshakes on one thread, each a bit at a time: a session is of the client whose it is.
#[test]
fn sessions_are_not_mixed_up() {
    const PAIRS: usize = 12;
    for version in Version::ALL {
        let stage = Stage::set();
        let server = stage.server(version).resumption(BOUND);
        let server = server.build(Rustls::default()).unwrap();
        let clients = [&stage.alice, &stage.bob].map(|credential| {
            let client = stage.client(version, credential).resumption(BOUND);
            (client.build(Rustls::default()).unwrap(), credential)
        });
        let meet = async |(client, credential): &(MtlsClient<Rustls>, &Credential)| {
            // A small buffer, so that no handshake gets far in one go.
            let (near, far) = tokio::io::duplex(64);
            let call = async {
                let mut stream = client.connect_async("localhost", near).await.unwrap();
                talk_async(&mut stream).await.unwrap();
                stream.session().is_resumed()
            };
            let answer = async {
                let mut stream = server.accept_async(far).await.unwrap();
                talk_async(&mut stream).await.unwrap();
                assert_eq!(stream.peer().chain()[0], *credential.leaf());
                stream.session().is_resumed()
            };
            let (called, answered) = tokio::join!(call, answer);
            assert_eq!(called, answered);
            called
        };
        let rounds = async {
            let mut resumed = 0;
            for _ in 0..4 {
                // All at once, and polled in turn.
                let mut pairs: Vec<_> = (0..PAIRS)
                    .map(|pair| Box::pin(meet(&clients[pair % clients.len()])))
                    .collect();
                let mut done = vec![None; PAIRS];
                std::future::poll_fn(|context| {
                    for (pair, done) in pairs.iter_mut().zip(&mut done) {
                        if done.is_none()
                            && let Poll::Ready(was) = pair.as_mut().poll(context)
                        {
                            *done = Some(was);
                        }
                    }
                    if done.iter().all(Option::is_some) {
                        Poll::Ready(())
                    } else {
                        Poll::Pending
                    }
                })
                .await;
                resumed += done.iter().flatten().filter(|was| **was).count();
            }
            resumed
        };
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let in_time = async { timeout(2 * LIMIT, rounds).await.expect("it never ended") };
        let resumed = runtime.unwrap().block_on(in_time);
        assert!(resumed >= PAIRS, "{resumed}");
    }
}

#[test]
fn off_unless_both_ask() {
    let stage = Stage::set();
    for version in Version::ALL {
        let server = |resumption| {
            let server = stage.server(version).resumption(resumption);
            accepts(&server.build(Rustls::default()).unwrap())
        };
        let off = server(Resumption::Off);
        for caller in callers(&stage, version) {
            for _ in 0..3 {
                assert_accepted(&off, &*caller, &stage.alice, false);
            }
        }
        let (bound, caller) = (server(BOUND), Ours(ours(&stage, version, Resumption::Off)));
        for _ in 0..3 {
            assert_accepted(&bound, &caller, &stage.alice, false);
        }
    }
}

#[test]
fn snapshots_never_resume() {
    let stage = Stage::set();
    for version in Version::ALL {
        let server = stage.server(version).resumption(BOUND);
        let server = server.build(Rustls::default()).unwrap();
        let (accepts, snapshot) = (accepts(&server), Rustls::snapshot(&server));
        for caller in callers(&stage, version) {
            assert_accepted(&accepts, &*caller, &stage.alice, false);
            assert_accepted(&snapshot, &*caller, &stage.alice, false);
            assert_accepted(&snapshot, &*caller, &stage.alice, false);
        }
        // Nor does a client on what ours gives.
        let config = ours(&stage, version, BOUND).config();
        let caller = Keeping { config };
        for _ in 0..3 {
            assert_accepted(&accepts, &caller, &stage.alice, false);
        }
    }
}

#[test]
fn servers_share_nothing() {
    let stage = Stage::set();
    for version in Version::ALL {
        let server = || {
            let server = stage.server(version).resumption(BOUND);
            accepts(&server.build(Rustls::default()).unwrap())
        };
        let (one, other) = (server(), server());
        for caller in callers(&stage, version) {
            assert_accepted(&one, &*caller, &stage.alice, false);
            assert_accepted(&other, &*caller, &stage.alice, false);
        }
    }
}

#[test]
fn over_by_the_given_clock_and_not_prolonged() {
    for version in Version::ALL {
        for verified_by_us in [true, false] {
            let stage = Stage::set();
            // Either end ends it by itself.
            let long = Resumption::BoundToRevision { max_age: DAY };
            let (here, there) = if verified_by_us {
                (BOUND, long)
            } else {
                (long, BOUND)
            };
            let server = stage.server(version).resumption(here);
            let host = accepts(&server.build(Rustls::default()).unwrap());
            let caller = Ours(ours(&stage, version, there));
            assert_accepted(&host, &caller, &stage.alice, false);
            for _ in 0..3 {
                stage.clock.pass(HOUR / 4);
                assert_accepted(&host, &caller, &stage.alice, true);
            }
            stage.clock.pass(HOUR / 4 + Duration::from_secs(2));
            assert_accepted(&host, &caller, &stage.alice, false);
            assert_accepted(&host, &caller, &stage.alice, true);
        }
    }
}

#[test]
fn over_by_the_monotonic_clock() {
    let max_age = Duration::from_millis(400);
    for version in Version::ALL {
        let stage = Stage::set();
        let short = Resumption::BoundToRevision { max_age };
        let now = UnixTime::now();
        // The given clock stands still.
        let server = stage.server(version).resumption(short).clock(move || now);
        let host = accepts(&server.build(Rustls::default()).unwrap());
        let caller = Ours(ours(&stage, version, BOUND));
        let began = Instant::now();
        assert_accepted(&host, &caller, &stage.alice, false);
        loop {
            let (answer, _) = meet(&host, &caller);
            assert_eq!(answer.error, None);
            if !answer.resumed {
                break;
            }
            assert!(began.elapsed() < LIMIT, "it is resumed for ever");
        }
        assert!(began.elapsed() >= max_age, "{:?}", began.elapsed());
    }
}

#[test]
fn a_clock_that_goes_back_ends_it() {
    for version in Version::ALL {
        let stage = Stage::set();
        stage.clock.pass(HOUR);
        let server = stage.server(version).resumption(BOUND);
        let host = accepts(&server.build(Rustls::default()).unwrap());
        let caller = Keeping::new(version, Some(&stage.alice));
        assert_accepted(&host, &caller, &stage.alice, false);
        stage.clock.0.store(0, Ordering::SeqCst);
        assert_accepted(&host, &caller, &stage.alice, false);
    }
}

/// Nothing rotates: what is looked at again is the peer.
#[test]
fn the_peer_is_verified_again() {
    for version in Version::ALL {
        let stage = Stage::set();
        for caller in callers(&stage, version) {
            let welcome = Arc::new(AtomicBool::new(true));
            let asked = Arc::clone(&welcome);
            let matcher = PeerMatcher::custom("of the hour", move |_| {
                if asked.load(Ordering::SeqCst) {
                    Ok(())
                } else {
                    Err("not now".to_owned())
                }
            });
            let server = stage.server(version).resumption(BOUND);
            let server = server.policy(VerifierPolicy::allow(matcher));
            let host = accepts(&server.build(Rustls::default()).unwrap());
            assert_accepted(&host, &*caller, &stage.alice, false);
            assert_accepted(&host, &*caller, &stage.alice, true);
            welcome.store(false, Ordering::SeqCst);
            assert_rejected(&host, &*caller);
            assert_eq!(stage.reported(), [Reason::NotAuthorized], "reported once");
            // Who is accepted again has sessions again; one that was rejected is gone.
            welcome.store(true, Ordering::SeqCst);
            let (answer, called) = meet(&host, &*caller);
            assert_eq!((answer.error, called.received), (None, true));
            assert!(!answer.resumed || version == Version::Tls13);
        }
    }
}

/// A custom matcher that panics rejects, and leaves the store in order.
#[test]
fn a_panic_is_a_rejection() {
    for version in Version::ALL {
        let stage = Stage::set();
        let well = Arc::new(AtomicBool::new(true));
        let asked = Arc::clone(&well);
        let matcher = PeerMatcher::custom("unwell", move |_| {
            assert!(asked.load(Ordering::SeqCst), "unwell");
            Ok(())
        });
        let server = stage.server(version).resumption(BOUND);
        let server = server.policy(VerifierPolicy::allow(matcher));
        let host = accepts(&server.build(Rustls::default()).unwrap());
        let caller = Ours(ours(&stage, version, BOUND));
        assert_accepted(&host, &caller, &stage.alice, false);
        well.store(false, Ordering::SeqCst);
        assert_rejected(&host, &caller);
        assert_eq!(stage.reported(), [Reason::VerifierPanicked]);
        well.store(true, Ordering::SeqCst);
        let (answer, _) = meet(&host, &caller);
        assert_eq!(answer.error, None);
        assert_accepted(&host, &caller, &stage.alice, true);
    }
}

#[test]
fn ends_with_the_revocation_list() {
    for version in Version::ALL {
        let stage = Stage::set();
        let list =
            Crl::new().dated_by(time::Duration::hours(-1), Some(time::Duration::minutes(30)));
        let lists = RevocationLists::from_der([list.signed_by(&stage.client_ca)]).unwrap();
        let rules = RevocationRules::require(RevocationDepth::Leaf);
        for caller in callers(&stage, version) {
            let server = stage.server(version).resumption(BOUND);
            let server = server
                .policy(VerifierPolicy::allow_any_authenticated().revocation(rules))
                .revocation_lists(lists.clone());
            let host = accepts(&server.build(Rustls::default()).unwrap());
            assert_accepted(&host, &*caller, &stage.alice, false);
            assert_accepted(&host, &*caller, &stage.alice, true);
            stage.clock.pass(HOUR / 2 + Duration::from_secs(2));
            assert_rejected(&host, &*caller);
            assert_eq!(stage.reported(), [Reason::RevocationListStale]);
            stage.clock.0.store(0, Ordering::SeqCst);
        }
    }
}

#[test]
fn ends_with_the_trust_anchor() {
    for version in Version::ALL {
        let mut stage = Stage::set();
        let soon = Validity {
            not_before: (OffsetDateTime::now_utc() - time::Duration::HOUR).into(),
            not_after: (OffsetDateTime::now_utc() + time::Duration::minutes(30)).into(),
        };
        let root = AuthorityBuilder::named("Clients' Root").validity(soon);
        stage.client_ca = root.self_signed();
        stage.alice = Leaf::named("alice").client().issued_by(&stage.client_ca);
        for caller in callers(&stage, version) {
            let server = stage.server(version).resumption(BOUND);
            let host = accepts(&server.build(Rustls::default()).unwrap());
            assert_accepted(&host, &*caller, &stage.alice, false);
            assert_accepted(&host, &*caller, &stage.alice, true);
            stage.clock.pass(HOUR / 2 + Duration::from_secs(2));
            assert_rejected(&host, &*caller);
            assert_eq!(stage.reported(), [Reason::AnchorExpired]);
            stage.clock.0.store(0, Ordering::SeqCst);
        }
    }
}

/// The shadow policy is heard about those that resume, too, and once each time.
#[test]
fn the_shadow_is_asked() {
    for version in Version::ALL {
        let stage = Stage::set();
        let bob = PeerMatcher::dns("bob.test").unwrap();
        let server = stage.server(version).resumption(BOUND);
        let server = server.shadow_policy(VerifierPolicy::allow(bob));
        let host = accepts(&server.build(Rustls::default()).unwrap());
        let caller = Keeping::new(version, Some(&stage.alice));
        for resumed in [false, true, true] {
            assert_accepted(&host, &caller, &stage.alice, resumed);
            assert_eq!(stage.reported_by_shadow(), 1);
        }
    }
}
