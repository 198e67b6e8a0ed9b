//! The hints where no list proves a certificate good, and that what they advise helps.

use mtls::pki_types::{CertificateRevocationListDer, UnixTime};
use mtls::test_util::KeyUsage;
use mtls::{Rejection, RejectionReason, RevocationRules};
use time::Duration;

use crate::common::pki::crl::{Crl, CrlTools as _, distribution_points, point_name};
use crate::common::pki::{Authority, AuthorityBuilder, Credential, Leaf};
use crate::{World, chain_depth, leaf_depth, verify};

const ONLY_USERS: &[u8] = b"\x81\x01\xff";
const ONLY_CAS: &[u8] = b"\x82\x01\xff";
const FIRST_REASONS: &[u8] = b"\x83\x02\x03\x78";
const OTHER_REASONS: &[u8] = b"\x83\x03\x07\x07\x80";

type Der = CertificateRevocationListDer<'static>;

/// A root, and a client below it.
struct Pair {
    root: Authority,
    alice: Credential,
}

impl Pair {
    fn of(root: Authority, points: &[&[u8]]) -> Self {
        let mut leaf = Leaf::named("alice").client();
        if !points.is_empty() {
            leaf = leaf.extension(distribution_points(points));
        }
        Self {
            alice: leaf.issued_by(&root),
            root,
        }
    }

    fn verify(&self, rules: RevocationRules, lists: &[Der]) -> Result<(), Rejection> {
        let now = UnixTime::now();
        verify(&[&self.root], rules, lists, &self.alice.chain, now)
    }

    /// The hint by these lists; the last ones are what it says to give.
    #[track_caller]
    fn assert(&self, before: &[Crl], words: &str, after: &[Crl]) {
        let signed = |lists: &[Crl]| -> Vec<Der> {
            lists
                .iter()
                .map(|list| list.signed_by(&self.root))
                .collect()
        };
        assert_hint(&self.verify(leaf_depth(), &signed(before)), words);
        self.verify(leaf_depth(), &signed(after)).unwrap();
    }
}

#[track_caller]
fn assert_hint(verdict: &Result<(), Rejection>, words: &str) {
    let rejection = verdict.as_ref().expect_err("accepted");
    let is_ours = matches!(
        rejection.reason(),
        RejectionReason::RevocationStatusUnknown | RejectionReason::RevocationListStale
    );
    assert!(is_ours, "{rejection}");
    let hint = rejection.hint();
    assert!(hint.contains(words), "no {words:?} in {hint:?}");
}

#[test]
fn no_list() {
    let world = World::new();
    let issuing = [Crl::new().signed_by(&world.intermediate)];
    let of_root = [Crl::new().signed_by(&world.root)];
    assert_hint(
        &world.verify(leaf_depth(), &of_root),
        "`revocation_lists`; ",
    );
    world.verify(leaf_depth(), &issuing).unwrap();
    let words = "`RevocationDepth::Leaf`";
    assert_hint(&world.verify(chain_depth(), &issuing), words);
    let both = [issuing, of_root].concat();
    world.verify(chain_depth(), &both).unwrap();
}

#[test]
fn another_key() {
    let world = World::new();
    let wrong = [Crl::new().signed_by(&world.intermediate.namesake())];
    let words = "the key of the issuer's certificate in this path";
    assert_hint(&world.verify(leaf_depth(), &wrong), words);
}

#[test]
fn an_issuer_without_crl_sign() {
    let root = AuthorityBuilder::named("Root")
        .key_usages(&[KeyUsage::KeyCertSign])
        .self_signed();
    let alice = Leaf::named("alice").client().issued_by(&root);
    let mended = root
        .again()
        .key_usages(&[KeyUsage::KeyCertSign, KeyUsage::CrlSign]);
    let mended = mended.self_signed();
    let lists = [Crl::new().signed_by(&root)];
    let at = |anchor: &Authority| {
        let now = UnixTime::now();
        verify(&[anchor], leaf_depth(), &lists, &alice.chain, now)
    };
    assert_hint(&at(&root), "keyUsage keyCertSign and cRLSign");
    at(&mended).unwrap();
}

#[test]
fn a_point_and_a_certificate_without_one() {
    let pair = Pair::of(Authority::named("Root"), &[]);
    let list = Crl::new().of_point("http://crl.test/a");
    let words = "`RevocationRules::danger_cover_certificates_without_distribution_point`";
    pair.assert(std::slice::from_ref(&list), words, &[Crl::new()]);
    let rules = leaf_depth().danger_cover_certificates_without_distribution_point();
    pair.verify(rules, &[list.signed_by(&pair.root)]).unwrap();
}

/// The switch would not help here, so that it is not named.
#[test]
fn another_point() {
    let (a, b) = ("http://crl.test/a", "http://crl.test/b");
    let pair = Pair::of(Authority::named("Root"), &[&point_name(a)]);
    let [of_a, of_b] = [a, b].map(|uri| Crl::new().of_point(uri));
    let words = "a distribution point that the certificate names";
    pair.assert(std::slice::from_ref(&of_b), words, &[of_a]);
    pair.assert(&[of_b], words, &[Crl::new()]);
}

#[test]
fn other_kinds_of_certificates() {
    let pair = Pair::of(Authority::named("Root"), &[]);
    let of = |scope: &[u8]| Crl::new().scope(&[scope]);
    pair.assert(
        &[of(ONLY_CAS)],
        "(onlyContainsUserCerts)",
        &[of(ONLY_CAS), of(ONLY_USERS)],
    );
    let world = World::new();
    let issuing = Crl::new().signed_by(&world.intermediate);
    let lists = [of(ONLY_USERS).signed_by(&world.root), issuing];
    let words = "(onlyContainsCACerts)";
    assert_hint(&world.verify(chain_depth(), &lists), words);
    let cas = of(ONLY_CAS).signed_by(&world.root);
    let lists = [&lists[..], &[cas]].concat();
    world.verify(chain_depth(), &lists).unwrap();
}

#[test]
fn some_reasons() {
    let pair = Pair::of(Authority::named("Root"), &[]);
    let [some, rest] = [FIRST_REASONS, OTHER_REASONS].map(|reasons| Crl::new().scope(&[reasons]));
    let words = "(onlySomeReasons)";
    pair.assert(std::slice::from_ref(&some), words, &[some.clone(), rest]);
    pair.assert(&[some], words, &[Crl::new()]);
}

#[test]
fn dates() {
    let pair = Pair::of(Authority::named("Root"), &[]);
    let newest = &[Crl::new()];
    pair.assert(
        &[Crl::stale()],
        "the list that the issuer has made since",
        newest,
    );
    pair.assert(&[Crl::early()], "the list is from the future", newest);
    let both = [Crl::stale(), Crl::early()];
    pair.assert(&both, "the list that the issuer has made since", newest);
    // Of lists for some reasons each, that together cover all.
    let halves = [
        Crl::stale().scope(&[FIRST_REASONS]),
        Crl::new().scope(&[OTHER_REASONS]),
    ];
    pair.assert(&halves, "the list that the issuer has made since", newest);
    let halves = [
        Crl::new().scope(&[FIRST_REASONS]),
        Crl::early().scope(&[OTHER_REASONS]),
    ];
    pair.assert(&halves, "the list is from the future", newest);
}

/// Of several lists the one counts that takes the least to be right.
#[test]
fn the_nearest_of_several() {
    let pair = Pair::of(Authority::named("Root"), &[]);
    let stale = Crl::new().dated_by(Duration::days(-8), Some(Duration::days(-1)));
    let lists = [
        Crl::new().signed_by(&pair.root.namesake()),
        Crl::new().scope(&[ONLY_CAS]).signed_by(&pair.root),
        Crl::new()
            .of_point("http://crl.test/a")
            .signed_by(&pair.root),
        stale.signed_by(&pair.root),
    ];
    for (count, words) in [
        (1, "the key of the issuer's certificate"),
        (2, "(onlyContainsUserCerts)"),
        (3, "danger_cover_certificates_without_distribution_point"),
        (4, "the list that the issuer has made since"),
    ] {
        assert_hint(&pair.verify(leaf_depth(), &lists[..count]), words);
    }
}
