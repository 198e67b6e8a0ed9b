//! Which revocation lists may take the place of those that count, by hand or from files.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use mtls::pki_types::{CertificateRevocationListDer, UnixTime};
use mtls::{
    BuildError, MtlsClient, MtlsIdentity, MtlsServer, RevocationDepth, RevocationLists,
    RevocationRules, Rotation, Rustls, SelfTrust, TrustAnchors, VerifierPolicy,
};
use time::Duration;

use super::common::pki::crl::{Crl, tlv};
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
    let rules = RevocationRules::require(RevocationDepth::Leaf);
    VerifierPolicy::allow_any_authenticated().with_revocation(rules)
}

/// A server with its clock, so many seconds ahead.
struct Served {
    cast: Cast,
    server: MtlsServer<Rustls>,
    ahead: Arc<AtomicI64>,
}

fn serve(make: impl Fn(&Cast) -> Vec<Der>) -> Served {
    let cast = Cast::assemble();
    let ahead = Arc::new(AtomicI64::new(0));
    let first = make(&cast);
    let server = MtlsServer::builder()
        .identity(identity(&cast.server))
        .trust_anchors(anchors(&[&cast.root, &cast.impostor]))
        .revocation_lists(lists(&first.iter().collect::<Vec<_>>()))
        .policy(policy())
        .self_trust(SelfTrust::Unchecked)
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
    fn rotate(&self, next: &[&Der]) -> Result<u64, BuildError> {
        self.server
            .rotate(Rotation::new().revocation_lists(lists(next)))
    }

    /// The problem with the list of this issuer.
    #[track_caller]
    fn refuses(&self, issuer: &str, words: &str, rotation: Rotation) {
        let before = self.server.status().revision();
        let error = self.server.rotate(rotation).unwrap_err();
        let text = error.to_string();
        let BuildError::RevocationListsWorse {
            issuer: of,
            problem,
            ..
        } = error
        else {
            panic!("{text}")
        };
        assert!(of.contains(issuer) && problem.contains(words), "{text}");
        assert!(
            text.contains("build anew") && text.lines().count() == 1,
            "{text}"
        );
        assert_eq!(self.server.status().revision(), before);
    }

    /// Whether a client gets in.
    fn admits(&self, client: &Credential) -> bool {
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
    served.refuses(
        "Rhea Root",
        "0xff",
        given(&[&of(Crl::new().number(&[0, 0xff]))]),
    );
    served.refuses("Rhea Root", "not signed", given(&[&other]));
    served.refuses(
        "Rhea Root",
        "not now",
        given(&[&of(Crl::stale()
            .number(&[2, 0])
            .dated(Duration::seconds(-20), Some(Duration::seconds(-10))))]),
    );
    served.refuses(
        "Rhea Root",
        "not now",
        given(&[&of(Crl::early().number(&[2, 0]))]),
    );
    let earlier = Crl::new().dated(Duration::hours(-2), Some(Duration::days(9)));
    served.refuses("Rhea Root", "older", given(&[&of(earlier.number(&[2, 0]))]));
    let intermediate = Crl::new().signed_by(&served.cast.intermediate);
    served.refuses("Rhea Root", "there is none", given(&[&intermediate]));
    let leaves_alone = Crl::new().number(&[2, 0]).scope(&[&tlv(0x81, &[&[0xff]])]);
    served.refuses("Rhea Root", "about other", given(&[&of(leaves_alone)]));
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
    served.refuses("Rhea Root", "about other", given(&[&leaves]));
    served.refuses("Rhea Root", "0x04", given(&[&leaves, &cas]));
    served
        .rotate(&[&leaves, &of(&served.cast, 5, 0x82)])
        .unwrap();
}

#[test]
fn what_is_of_no_use_any_more_may_go() {
    let served = serve(|cast| vec![Crl::new().number(&[5]).signed_by(&cast.root)]);
    let back = Crl::new().number(&[1]).signed_by(&served.cast.root);
    let other = Crl::new().signed_by(&served.cast.impostor);
    served.refuses("Rhea Root", "older", given(&[&back]));
    // Without the rules.
    let lax = VerifierPolicy::allow_any_authenticated();
    served.server.rotate(Rotation::new().policy(lax)).unwrap();
    served
        .server
        .rotate(given(&[&back]).policy(policy()))
        .unwrap();
    // Without the anchor.
    let without = given(&[&other]).trust_anchors(anchors(&[&served.cast.impostor]));
    served.refuses("Rhea Root", "not signed", given(&[&other]));
    served.server.rotate(without).unwrap();
    // When it is not current any more: whatever comes is no worse.
    let served = serve(|cast| vec![Crl::new().number(&[5]).signed_by(&cast.root)]);
    let back = Crl::new().number(&[1]).signed_by(&served.cast.root);
    served.refuses("Rhea Root", "older", given(&[&back]));
    served.ahead.store(8 * 24 * 3600, Ordering::Relaxed);
    served.rotate(&[&back]).unwrap();
}

/// No anchor says whether a list of a CA below it is good; a peer's path does.
#[test]
fn of_a_ca_below_the_anchors_once_it_was_judged_by() {
    let list = |cast: &Cast, number: u8| Crl::new().number(&[number]).signed_by(&cast.intermediate);
    let served = serve(|cast| vec![list(cast, 5)]);
    let (back, next) = (list(&served.cast, 4), list(&served.cast, 6));
    let foreign = Crl::new()
        .number(&[9])
        .signed_by(&served.cast.intermediate.namesake());
    // What nobody was judged by may be a mistake, and is to be mended.
    served.rotate(&[&foreign]).unwrap();
    assert!(!served.admits(&served.cast.alice));
    served.rotate(&[&list(&served.cast, 5)]).unwrap();
    assert!(served.admits(&served.cast.alice));
    served.refuses("Ivo Intermediate", "older", given(&[&back]));
    served.refuses("Ivo Intermediate", "not signed", given(&[&foreign]));
    let unrelated = Crl::new().signed_by(&served.cast.root);
    served.refuses("Ivo Intermediate", "there is none", given(&[&unrelated]));
    // Where an anchor goes, the CAs below it may go; a list that is there is no older all the same.
    let fewer = |next: &Der| given(&[next]).trust_anchors(anchors(&[&served.cast.root]));
    served.refuses("Ivo Intermediate", "older", fewer(&back));
    served.server.rotate(fewer(&unrelated)).unwrap();
    served.rotate(&[&next, &unrelated]).unwrap();
    assert!(served.admits(&served.cast.alice));
}

/// The point of it: one whom the list revokes stays out, whatever is put in its place.
#[test]
fn who_was_revoked_stays_revoked() {
    let served = serve(|cast| {
        let revoking = Crl::new().number(&[2]).lists(cast.alice.leaf());
        vec![
            revoking.signed_by(&cast.intermediate),
            Crl::new().signed_by(&cast.root),
        ]
    });
    assert!(!served.admits(&served.cast.alice));
    let root = Crl::new().number(&[2]).signed_by(&served.cast.root);
    let back = Crl::new().number(&[1]).signed_by(&served.cast.intermediate);
    served.refuses("Ivo Intermediate", "older", given(&[&root, &back]));
    served.refuses("Ivo Intermediate", "there is none", given(&[&root]));
    assert!(!served.admits(&served.cast.alice));
    // The CA itself may take it back.
    let lifted = Crl::new().number(&[3]).signed_by(&served.cast.intermediate);
    served.rotate(&[&root, &lifted]).unwrap();
    assert!(served.admits(&served.cast.alice));
}
