//! Which revocation lists may take the place of those that count, by hand or from files.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;

use mtls::error::RotationError;
use mtls::pki_types::{CertificateRevocationListDer, UnixTime};
use mtls::policy::RevocationDepth;
use mtls::rotation::SelfTrust;
use mtls::{
    MtlsClient, MtlsIdentity, MtlsServer, RevocationLists, RevocationRules, Rotation, Rustls,
    TrustAnchors, VerifierPolicy,
};
use time::Duration;

use super::common::pki::crl::{Crl, CrlTools as _, tlv};
use super::common::pki::{Authority, Cast, Credential};
use super::common::raw::socket_pair;

type Der = CertificateRevocationListDer<'static>;

fn lists(all: &[&Der]) -> RevocationLists {
    RevocationLists::from_der(all.iter().map(|list| (*list).clone())).unwrap()
}

fn anchors(all: &[&Authority]) -> TrustAnchors {
    TrustAnchors::from_der(all.iter().map(|anchor| anchor.certificate())).unwrap()
}

fn identity(of: &Credential) -> MtlsIdentity {
    MtlsIdentity::from_der(of.chain.clone(), of.key.secret_pkcs8_der()).unwrap()
}

fn policy() -> VerifierPolicy {
    policy_of(rules())
}

fn rules() -> RevocationRules {
    RevocationRules::require(RevocationDepth::Leaf)
}

fn policy_of(rules: RevocationRules) -> VerifierPolicy {
    VerifierPolicy::allow_any_authenticated().revocation(rules)
}

/// A server with its clock, so many seconds ahead.
struct Served {
    cast: Cast,
    server: MtlsServer<Rustls>,
    ahead: Arc<AtomicI64>,
}

fn serve(make: impl Fn(&Cast) -> Vec<Der>) -> Served {
    serve_by(rules(), make)
}

fn serve_by(rules: RevocationRules, make: impl Fn(&Cast) -> Vec<Der>) -> Served {
    let cast = Cast::assemble();
    let ahead = Arc::new(AtomicI64::new(0));
    let first = make(&cast);
    let server = MtlsServer::builder()
        .identity(identity(&cast.server))
        .trust_anchors(anchors(&[&cast.root, &cast.impostor]))
        .revocation_lists(lists(&first.iter().collect::<Vec<_>>()))
        .policy(policy_of(rules))
        .self_trust(SelfTrust::Skip)
        .clock({
            let ahead = Arc::clone(&ahead);
            move || {
                let now = UnixTime::now().as_secs();
                let now = now.saturating_add_signed(ahead.load(Ordering::Relaxed));
                UnixTime::since_unix_epoch(std::time::Duration::from_secs(now))
            }
        })
        .build(Rustls::default())
        .unwrap();
    Served {
        cast,
        server,
        ahead,
    }
}

impl Served {
    fn rotate(&self, next: &[&Der]) -> Result<u64, RotationError> {
        self.server
            .handle()
            .rotate(Rotation::new().revocation_lists(lists(next)))
    }

    /// The problem with the list of this issuer.
    #[track_caller]
    fn rejects(&self, issuer: &str, words: &str, rotation: Rotation) {
        let before = self.server.handle().status().revision();
        let error = self.server.handle().rotate(rotation).unwrap_err();
        let text = error.to_string();
        assert!(error.hint().contains("build anew"), "{}", error.hint());
        let RotationError::RevocationListRegression(regression) = error else {
            panic!("{text}")
        };
        assert!(regression.issuer.contains(issuer), "{text}");
        assert!(regression.problem.to_string().contains(words), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert_eq!(self.server.handle().status().revision(), before);
    }

    /// Whether a client gets in.
    fn accepts(&self, client: &Credential) -> bool {
        let client = MtlsClient::builder()
            .identity(identity(client))
            .trust_anchors(anchors(&[&self.cast.root]))
            .build(Rustls::default())
            .unwrap();
        let (near, far) = socket_pair();
        thread::scope(|scope| {
            let served = scope.spawn(|| self.server.accept(far).is_ok());
            let _ = client.connect("localhost", near);
            served.join().unwrap()
        })
    }
}

fn given(next: &[&Der]) -> Rotation {
    Rotation::new().revocation_lists(lists(next))
}

#[test]
fn of_an_anchor_only_later_ones() {
    let served = serve(|cast| vec![Crl::new().number(&[1, 0]).signed_by(&cast.root)]);
    let root = &served.cast.root;
    let of = |crl: Crl| crl.signed_by(root);
    let other = Crl::new().number(&[9, 9]).signed_by(&served.cast.impostor);
    // Numbers are compared as numbers: 0xff is less than 0x0100.
    served.rejects(
        "Rhea Root",
        "0xff",
        given(&[&of(Crl::new().number(&[0, 0xff]))]),
    );
    served.rejects("Rhea Root", "not signed", given(&[&other]));
    served.rejects(
        "Rhea Root",
        "not now",
        given(&[&of(Crl::stale()
            .number(&[2, 0])
            .dated_by(Duration::seconds(-20), Some(Duration::seconds(-10))))]),
    );
    served.rejects(
        "Rhea Root",
        "not now",
        given(&[&of(Crl::early().number(&[2, 0]))]),
    );
    let earlier = Crl::new().dated_by(Duration::hours(-2), Some(Duration::days(9)));
    served.rejects("Rhea Root", "older", given(&[&of(earlier.number(&[2, 0]))]));
    let intermediate = Crl::new().signed_by(&served.cast.intermediate);
    served.rejects("Rhea Root", "none was given", given(&[&intermediate]));
    let leaves_alone = Crl::new().number(&[2, 0]).scope(&[&tlv(0x81, &[&[0xff]])]);
    served.rejects("Rhea Root", "covers other", given(&[&of(leaves_alone)]));
    // The same number again is the same list or as good; and an older one beside a newer one does no harm.
    let same = of(Crl::new().number(&[1, 0]).lists(served.cast.alice.leaf()));
    let old = of(Crl::new().number(&[7]));
    assert_eq!(served.rotate(&[&same, &old]).unwrap(), 2);
    assert_eq!(
        served
            .rotate(&[&of(Crl::new().number(&[1, 0, 0]))])
            .unwrap(),
        3
    );
}

#[test]
fn each_scope_for_itself() {
    let of = |cast: &Cast, number: u8, tag: u8| {
        let scope = tlv(tag, &[&[0xff]]);
        Crl::new()
            .number(&[number])
            .scope(&[&scope])
            .signed_by(&cast.root)
    };
    let served = serve(|cast| vec![of(cast, 5, 0x81), of(cast, 5, 0x82)]);
    let (leaves, cas) = (of(&served.cast, 6, 0x81), of(&served.cast, 4, 0x82));
    served.rejects("Rhea Root", "covers other", given(&[&leaves]));
    served.rejects("Rhea Root", "0x04", given(&[&leaves, &cas]));
    served
        .rotate(&[&leaves, &of(&served.cast, 5, 0x82)])
        .unwrap();
}

#[test]
fn what_is_of_no_use_any_more_may_go() {
    let served = serve(|cast| vec![Crl::new().number(&[5]).signed_by(&cast.root)]);
    let back = Crl::new().number(&[1]).signed_by(&served.cast.root);
    let other = Crl::new().signed_by(&served.cast.impostor);
    served.rejects("Rhea Root", "older", given(&[&back]));
    // Without the rules.
    let lax = VerifierPolicy::allow_any_authenticated();
    served
        .server
        .handle()
        .rotate(Rotation::new().policy(lax))
        .unwrap();
    served
        .server
        .handle()
        .rotate(given(&[&back]).policy(policy()))
        .unwrap();
    // Without the anchor.
    let without = given(&[&other]).trust_anchors(anchors(&[&served.cast.impostor]));
    served.rejects("Rhea Root", "not signed", given(&[&other]));
    served.server.handle().rotate(without).unwrap();
    // An empty list that is not current any more gives way to any list but an older one.
    let served = serve(|cast| vec![Crl::new().number(&[5]).signed_by(&cast.root)]);
    let back = Crl::new().number(&[1]).signed_by(&served.cast.root);
    served.rejects("Rhea Root", "older", given(&[&back]));
    served.ahead.store(8 * 24 * 3600, Ordering::Relaxed);
    served.rejects("Rhea Root", "older", given(&[&back]));
    let other = Crl::new().signed_by(&served.cast.impostor);
    served.rotate(&[&other]).unwrap();
    served.rejects("Rhea Root", "older", given(&[&other, &back]));
}

/// No anchor says whether a list of a CA below it is good; a peer's path does.
#[test]
fn of_a_ca_below_the_anchors_once_it_was_verified_by() {
    let list = |cast: &Cast, number: u8| Crl::new().number(&[number]).signed_by(&cast.intermediate);
    let served = serve(|cast| vec![list(cast, 5)]);
    let back = list(&served.cast, 4);
    let foreign = Crl::new()
        .number(&[9])
        .signed_by(&served.cast.intermediate.namesake());
    // A list that no peer was verified by may be a mistake, and may be replaced.
    served.rotate(&[&foreign]).unwrap();
    assert!(!served.accepts(&served.cast.alice));
    served.rotate(&[&list(&served.cast, 5)]).unwrap();
    assert!(served.accepts(&served.cast.alice));
    served.rejects("Ivo Intermediate", "older", given(&[&back]));
    served.rejects("Ivo Intermediate", "not signed", given(&[&foreign]));
    let unrelated = Crl::new().signed_by(&served.cast.root);
    served.rejects("Ivo Intermediate", "none was given", given(&[&unrelated]));
    // Another anchor, which proves no certificate here, may go; this list may not go with it.
    let fewer = |next: &Der| given(&[next]).trust_anchors(anchors(&[&served.cast.root]));
    served.rejects("Ivo Intermediate", "older", fewer(&back));
    served.rejects("Ivo Intermediate", "none was given", fewer(&unrelated));
    let next = list(&served.cast, 6);
    served.rotate(&[&next, &unrelated]).unwrap();
    assert!(served.accepts(&served.cast.alice));
}

/// A certificate that the list revokes stays rejected, whatever list is put in its place.
#[test]
fn who_was_revoked_stays_revoked() {
    let served = serve(|cast| {
        let revoking = Crl::new().number(&[2]).lists(cast.alice.leaf());
        vec![
            revoking.signed_by(&cast.intermediate),
            Crl::new().signed_by(&cast.root),
        ]
    });
    assert!(!served.accepts(&served.cast.alice));
    let root = Crl::new().number(&[2]).signed_by(&served.cast.root);
    let back = Crl::new().number(&[1]).signed_by(&served.cast.intermediate);
    served.rejects("Ivo Intermediate", "older", given(&[&root, &back]));
    served.rejects("Ivo Intermediate", "none was given", given(&[&root]));
    assert!(!served.accepts(&served.cast.alice));
    // The CA itself may take it back.
    let lifted = Crl::new().number(&[3]).signed_by(&served.cast.intermediate);
    served.rotate(&[&root, &lifted]).unwrap();
    assert!(served.accepts(&served.cast.alice));
}

/// A clock that was set back makes every list one of the future, and one that stands still at the epoch does, too.
#[test]
fn whatever_the_clock_says_none_is_older() {
    let of = |number: u8, minutes: i64| {
        let dates = (
            Duration::minutes(-minutes),
            Some(Duration::days(7) - Duration::minutes(minutes)),
        );
        Crl::new().dated_by(dates.0, dates.1).number(&[number])
    };
    let served = serve(|cast| {
        let revoking = of(5, 1).lists(cast.alice.leaf());
        vec![revoking.signed_by(&cast.intermediate)]
    });
    let Cast {
        alice,
        intermediate,
        root,
        ..
    } = &served.cast;
    assert!(!served.accepts(alice));
    let back = of(4, 60).signed_by(intermediate);
    let unrelated = Crl::new().signed_by(root);
    let epoch = -i64::try_from(UnixTime::now().as_secs()).unwrap();
    for ahead in [0, -120, -40 * 24 * 3600, epoch, 40 * 24 * 3600] {
        served.ahead.store(ahead, Ordering::Relaxed);
        served.rejects("Ivo Intermediate", "older", given(&[&back]));
        // When it looks stale it may be taken away: no certificate that it lists is accepted then.
        if ahead <= 0 {
            served.rejects("Ivo Intermediate", "none was given", given(&[&unrelated]));
        }
        // The same again is no worse, nor is what the CA made since.
        let same = given(&[&of(5, 1).lists(alice.leaf()).signed_by(intermediate)]);
        served.server.handle().rotate(same).unwrap();
    }
    served.ahead.store(0, Ordering::Relaxed);
    assert!(!served.accepts(alice));
}

/// By a clock that panics nothing is rotated, and nothing goes back by that.
#[test]
fn nor_when_the_clock_panics() {
    let cast = Cast::assemble();
    let list = |number: u8| Crl::new().number(&[number]).signed_by(&cast.root);
    let panics = Arc::new(AtomicBool::new(false));
    let server = MtlsServer::builder()
        .identity(identity(&cast.server))
        .trust_anchors(anchors(&[&cast.root]))
        .revocation_lists(lists(&[&list(5)]))
        .policy(policy())
        .self_trust(SelfTrust::Skip)
        .clock({
            let panics = Arc::clone(&panics);
            move || {
                if panics.load(Ordering::Relaxed) {
                    panic!("the time server is gone")
                } else {
                    UnixTime::now()
                }
            }
        })
        .build(Rustls::default())
        .unwrap();
    panics.store(true, Ordering::Relaxed);
    server.handle().rotate(given(&[&list(4)])).unwrap_err();
    panics.store(false, Ordering::Relaxed);
    let rejected = server.handle().rotate(given(&[&list(4)]));
    assert!(matches!(
        rejected,
        Err(RotationError::RevocationListRegression(_))
    ));
    assert_eq!(server.handle().rotate(given(&[&list(6)])).unwrap(), 2);
}

/// What was seen is handed on from rotation to rotation, without a handshake between them.
#[test]
fn no_rotation_makes_forget() {
    let list = |cast: &Cast, number: u8| Crl::new().number(&[number]).signed_by(&cast.intermediate);
    let served = serve(|cast| vec![list(cast, 5)]);
    let [four, six] = [4, 6].map(|number| list(&served.cast, number));
    let (root, other) = (&served.cast.root, &served.cast.impostor);
    let unrelated = Crl::new().signed_by(root);
    assert!(served.accepts(&served.cast.alice));
    let lax = policy_of(rules().danger_allow_unknown_status());
    served
        .server
        .handle()
        .rotate(Rotation::new().policy(lax))
        .unwrap();
    served.rotate(&[&six]).unwrap();
    for anchors in [anchors(&[root, other]), anchors(&[root])] {
        let given = |next: &Der| given(&[next]).trust_anchors(anchors.clone());
        served.rejects("Ivo Intermediate", "older", given(&four));
        served.rejects("Ivo Intermediate", "none was given", given(&unrelated));
        served.server.handle().rotate(given(&six)).unwrap();
    }
    // The anchor that proves the CA goes, and the list with it; both come back, the list no older.
    let unrelated = Crl::new().signed_by(other);
    let without = given(&[&unrelated]).trust_anchors(anchors(&[other]));
    served.server.handle().rotate(without).unwrap();
    for list in [&four, &list(&served.cast, 5)] {
        let both = given(&[list, &unrelated]).trust_anchors(anchors(&[root, other]));
        served.rejects("Ivo Intermediate", "older", both);
    }
    let both = given(&[&six, &unrelated]).trust_anchors(anchors(&[root, other]));
    served.server.handle().rotate(both).unwrap();
    served.rejects("Ivo Intermediate", "none was given", given(&[&unrelated]));
    assert!(served.accepts(&served.cast.alice));
    // The rules go, and all that was known with them.
    let none = VerifierPolicy::allow_any_authenticated();
    served
        .server
        .handle()
        .rotate(Rotation::new().policy(none))
        .unwrap();
    served
        .server
        .handle()
        .rotate(given(&[&four]).policy(policy()))
        .unwrap();
}

/// The anchor may be renewed, and still proves it.
#[test]
fn a_renewed_anchor_proves_as_before() {
    let list = |cast: &Cast, number: u8| Crl::new().number(&[number]).signed_by(&cast.intermediate);
    let served = serve(|cast| vec![list(cast, 5)]);
    assert!(served.accepts(&served.cast.alice));
    let renewed = served.cast.root.again().self_signed();
    assert_ne!(renewed.certificate(), served.cast.root.certificate());
    let unrelated = Crl::new().signed_by(&renewed);
    let of_renewed = |next: &Der| given(&[next]).trust_anchors(anchors(&[&renewed]));
    served.rejects("Ivo Intermediate", "none was given", of_renewed(&unrelated));
    served
        .server
        .handle()
        .rotate(of_renewed(&list(&served.cast, 5)))
        .unwrap();
    served.rejects("Ivo Intermediate", "none was given", given(&[&unrelated]));
    served.rejects(
        "Ivo Intermediate",
        "older",
        given(&[&list(&served.cast, 4)]),
    );
}

/// A stale list revokes what it lists, and by some rules proves other certificates good.
#[test]
fn a_stale_list_gives_way_to_newer_ones_alone() {
    let hours = Duration::hours;
    let of = |number: u8, from: i64, until: i64| {
        let crl = Crl::new().number(&[number]);
        crl.dated_by(hours(from), Some(hours(until)))
    };
    let all = [
        (rules(), true),
        (rules().danger_allow_unknown_status(), true),
        (rules().danger_allow_stale_lists(), true),
        (rules().danger_allow_stale_lists(), false),
    ];
    for (rules, lists_alice) in all {
        let served = serve_by(rules, |cast| {
            let stale = of(5, -4, -2);
            vec![if lists_alice {
                stale.lists(cast.alice.leaf()).signed_by(&cast.intermediate)
            } else {
                stale.signed_by(&cast.intermediate)
            }]
        });
        let by = &served.cast.intermediate;
        assert_eq!(served.accepts(&served.cast.alice), !lists_alice);
        let number = of(4, -3, 2).signed_by(by);
        let date = of(6, -5, 2).signed_by(by);
        served.rejects("Ivo Intermediate", "older", given(&[&number]));
        served.rejects("Ivo Intermediate", "older", given(&[&date, &number]));
        served.rotate(&[&of(6, -3, -1).signed_by(by)]).unwrap();
        served.rejects(
            "Ivo Intermediate",
            "older",
            given(&[&of(5, -3, -1).signed_by(by)]),
        );
        served.rotate(&[&of(7, -1, 1).signed_by(by)]).unwrap();
        assert!(served.accepts(&served.cast.alice));
        served.rejects(
            "Ivo Intermediate",
            "not now",
            given(&[&of(8, -1, -1).signed_by(by)]),
        );
    }
}

/// The last list of a CA that issues no more may go where no peer is accepted without it.
#[test]
fn a_stale_list_may_go_where_unknown_status_is_rejected() {
    let stale = |cast: &Cast, lists_alice: bool| {
        let crl = Crl::new().number(&[5]);
        let crl = crl.dated_by(Duration::hours(-4), Some(Duration::hours(-2)));
        let crl = if lists_alice {
            crl.lists(cast.alice.leaf())
        } else {
            crl
        };
        vec![crl.signed_by(&cast.intermediate)]
    };
    let unrelated = |served: &Served| Crl::new().signed_by(&served.cast.root);
    for (rules, lists_alice, may_go) in [
        (rules(), true, true),
        (rules(), false, true),
        (rules().danger_allow_unknown_status(), true, false),
        (rules().danger_allow_unknown_status(), false, true),
        (rules().danger_allow_stale_lists(), true, false),
        (rules().danger_allow_stale_lists(), false, false),
    ] {
        let served = serve_by(rules, |cast| stale(cast, lists_alice));
        // Seen to be signed by a CA of a proved path.
        served.accepts(&served.cast.alice);
        if may_go {
            served.rotate(&[&unrelated(&served)]).unwrap();
            // What went does not come back in an older form, and what it listed is rejected.
            let older = Crl::new().number(&[4]).signed_by(&served.cast.intermediate);
            served.rejects("Ivo Intermediate", "older", given(&[&older]));
            assert!(!lists_alice || !served.accepts(&served.cast.alice));
        } else {
            served.rejects(
                "Ivo Intermediate",
                "none was given",
                given(&[&unrelated(&served)]),
            );
        }
    }
}

/// A list from the future would make each right one after it too old.
#[test]
fn a_list_that_is_yet_to_begin_takes_no_place() {
    let served = serve(|cast| {
        let stale = Crl::new().number(&[5]);
        let stale = stale.dated_by(Duration::hours(-4), Some(Duration::hours(-2)));
        vec![stale.signed_by(&cast.intermediate)]
    });
    // Seen to be signed by a CA of a proved path.
    served.accepts(&served.cast.alice);
    let by = &served.cast.intermediate;
    let early = Crl::early().number(&[6]).signed_by(by);
    served.rejects("Ivo Intermediate", "not now", given(&[&early]));
    served
        .rotate(&[&Crl::new().number(&[6]).signed_by(by)])
        .unwrap();
    assert!(served.accepts(&served.cast.alice));
}

/// One name, two keys: each for itself.
#[test]
fn a_ca_with_a_new_key_keeps_the_list_of_the_old_one() {
    let served = serve(|cast| {
        let revoking = Crl::new().number(&[5]).lists(cast.alice.leaf());
        vec![revoking.signed_by(&cast.intermediate)]
    });
    let (alice, old) = (&served.cast.alice, &served.cast.intermediate);
    assert!(!served.accepts(alice));
    let new = old.namesake();
    let of_new = Crl::new().number(&[1]).signed_by(&new);
    let of_old = Crl::new().number(&[6]).lists(alice.leaf()).signed_by(old);
    served.rejects("Ivo Intermediate", "not signed", given(&[&of_new]));
    served.rotate(&[&of_new, &of_old]).unwrap();
    let later = Crl::new().number(&[2]).signed_by(&new);
    served.rotate(&[&of_old, &later]).unwrap();
    assert!(!served.accepts(alice));
}

/// Several of one issuer and scope revoke together; the latest is to be kept, or followed.
#[test]
fn of_several_the_latest_counts() {
    let list = |cast: &Cast, number: u8| Crl::new().number(&[number]).signed_by(&cast.intermediate);
    let served = serve(|cast| vec![list(cast, 5), list(cast, 7), list(cast, 3)]);
    let [three, six, seven, eight] = [3, 6, 7, 8].map(|number| list(&served.cast, number));
    assert!(served.accepts(&served.cast.alice));
    served.rejects(
        "Ivo Intermediate",
        "older than the last (0x07",
        given(&[&three, &six]),
    );
    served.rotate(&[&three, &seven]).unwrap();
    served.rotate(&[&seven]).unwrap();
    // One more issuer.
    let root = Crl::new().signed_by(&served.cast.root);
    served.rotate(&[&root, &eight]).unwrap();
    served.rejects("Ivo Intermediate", "0x07", given(&[&root, &seven]));
}

/// `thisUpdate` orders lists without a number.
#[test]
fn without_numbers_the_time_counts() {
    let of = |hours: i64| {
        let dates = (Duration::hours(-hours), Some(Duration::days(7)));
        Crl::new().dated_by(dates.0, dates.1).without_number()
    };
    for revokes_by_root in [true, false] {
        let served = serve(|cast| {
            let revoking = of(3).lists(cast.alice.leaf()).signed_by(&cast.intermediate);
            let by_root = revokes_by_root.then(|| of(3).signed_by(&cast.root));
            [revoking].into_iter().chain(by_root).collect()
        });
        let Cast {
            alice,
            intermediate,
            root,
            ..
        } = &served.cast;
        assert!(!served.accepts(alice));
        let back = of(4).signed_by(intermediate);
        let same = of(3).lists(alice.leaf()).signed_by(intermediate);
        let root_back = of(4).signed_by(root);
        let root_next = of(2).signed_by(root);
        served.rejects(
            "Ivo Intermediate",
            "(unnumbered",
            given(&[&back, &root_next]),
        );
        if revokes_by_root {
            served.rejects("Rhea Root", "is older", given(&[&same, &root_back]));
        }
        served.rotate(&[&same, &root_next]).unwrap();
        let later = of(2).signed_by(intermediate);
        served.rotate(&[&later, &root_next]).unwrap();
        assert!(served.accepts(alice));
        served.rejects("Ivo Intermediate", "is older", given(&[&same, &root_next]));
    }
}

/// A CA that has begun to number its lists goes on.
#[test]
fn a_list_without_a_number_follows_none_with_one() {
    let of = |hours: i64| {
        let dates = (Duration::hours(-hours), Some(Duration::days(7)));
        Crl::new().dated_by(dates.0, dates.1)
    };
    let served = serve(|cast| vec![of(5).without_number().signed_by(&cast.root)]);
    let root = &served.cast.root;
    let other = Crl::new().signed_by(&served.cast.impostor);
    let numbered = of(5).number(&[0]).signed_by(root);
    let plain = of(1).without_number().signed_by(root);
    let early = of(6).number(&[9]).signed_by(root);
    served.rejects(
        "Rhea Root",
        "older than the last (unnumbered",
        given(&[&early]),
    );
    served.rotate(&[&numbered]).unwrap();
    served.rejects("Rhea Root", "the next has no CRL number", given(&[&plain]));
    // Beside one with a number it does no harm, and has to be followed by what is no older.
    served.rotate(&[&numbered, &plain]).unwrap();
    let older = of(2).number(&[1]).signed_by(root);
    served.rejects("Rhea Root", "is older", given(&[&older]));
    served
        .rotate(&[&of(1).number(&[1]).signed_by(root)])
        .unwrap();
    // Nor when it was away.
    let without = given(&[&other]).trust_anchors(anchors(&[&served.cast.impostor]));
    served.server.handle().rotate(without).unwrap();
    let back = |list: &Der| {
        let both = anchors(&[root, &served.cast.impostor]);
        given(&[list, &other]).trust_anchors(both)
    };
    let newest = of(0).without_number().signed_by(root);
    served.rejects("Rhea Root", "the next has no CRL number", back(&newest));
    served
        .server
        .handle()
        .rotate(back(&of(0).number(&[1]).signed_by(root)))
        .unwrap();
}
