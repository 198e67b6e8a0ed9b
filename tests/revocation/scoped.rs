//! Lists about a part of what their issuer issues (RFC 5280, sections 5.2.5 and 6.3.3).

use mtls::RejectionReason::{RevocationStatusUnknown, Revoked};
use mtls::pki_types::UnixTime;
use mtls::{Rejection, RevocationRules};

use crate::common::pki::crl::{
    Crl, CrlTools as _, distribution_points, extension, point_name, relative_point_name, tlv,
};
use crate::common::pki::{Authority, Credential, Leaf};
use crate::{assert_rejected, chain_depth, leaf_depth, verify};

const A: &str = "http://crl.test/a";
const B: &str = "http://crl.test/b";
const ONLY_USERS: &[u8] = b"\x81\x01\xff";
const ONLY_CAS: &[u8] = b"\x82\x01\xff";

struct Shards {
    root: Authority,
    alice: Credential,
}

impl Shards {
    /// A client that names these distribution points, or has no such extension.
    fn new(points: &[&[u8]]) -> Self {
        let root = Authority::named("Root");
        let mut leaf = Leaf::named("alice").client();
        if !points.is_empty() {
            leaf = leaf.extension(distribution_points(points));
        }
        Self {
            alice: leaf.issued_by(&root),
            root,
        }
    }

    fn verify_by(&self, rules: RevocationRules, lists: &[Crl]) -> Result<(), Rejection> {
        let lists: Vec<_> = lists
            .iter()
            .map(|list| list.signed_by(&self.root))
            .collect();
        verify(
            &[&self.root],
            rules,
            &lists,
            &self.alice.chain,
            UnixTime::now(),
        )
    }

    fn verify(&self, lists: &[Crl]) -> Result<(), Rejection> {
        self.verify_by(leaf_depth(), lists)
    }

    #[track_caller]
    fn assert_unknown(&self, lists: &[Crl], words: &str) {
        assert_rejected(self.verify(lists), RevocationStatusUnknown, Some(0), words);
    }
}

const OTHER_POINT: &str = "is of a distribution point that the certificate does not name";
const NO_POINT: &str = "is of a distribution point, and the certificate names none";

#[test]
fn two_shards() {
    let world = Shards::new(&[&point_name(A)]);
    let [a, b] = [A, B].map(|uri| Crl::new().of_point(uri));
    let listing = |crl: &Crl| crl.clone().lists(world.alice.leaf());
    world.verify(std::slice::from_ref(&a)).unwrap();
    world.verify(&[a.clone(), b.clone()]).unwrap();
    world.verify(&[Crl::new()]).unwrap();
    world.assert_unknown(std::slice::from_ref(&b), OTHER_POINT);
    for lists in [
        [listing(&a), b.clone()],
        [a.clone(), listing(&b)],
        [a.clone(), Crl::new().lists(world.alice.leaf())],
    ] {
        assert_rejected(world.verify(&lists), Revoked, Some(0), "");
    }
    let both = Shards::new(&[&point_name(A), &point_name(B)]);
    for list in [a, b] {
        both.verify(&[list]).unwrap();
    }
}

#[test]
fn a_point_that_the_certificate_does_not_name() {
    let world = Shards::new(&[]);
    let list = Crl::new().of_point(A);
    world.assert_unknown(std::slice::from_ref(&list), NO_POINT);
    let rules = leaf_depth().danger_cover_certificates_without_distribution_point();
    world.verify_by(rules, std::slice::from_ref(&list)).unwrap();
    let listing = list.clone().lists(world.alice.leaf());
    assert_rejected(world.verify(&[listing]), Revoked, Some(0), "");
    // The opt-in is for certificates that name none at all.
    let named = Shards::new(&[&point_name(B)]);
    let verdict = named.verify_by(rules, &[list]);
    assert_rejected(verdict, RevocationStatusUnknown, Some(0), OTHER_POINT);
}

#[test]
fn a_point_of_another_issuer_is_none_of_ours() {
    // cRLIssuer [2]: a directory name.
    let other = tlv(0xa2, &[&tlv(0xa4, &[b"\x30\x00"])]);
    let world = Shards::new(&[&[point_name(A), other].concat()]);
    world.assert_unknown(&[Crl::new().of_point(A)], OTHER_POINT);
}

#[test]
fn names_relative_to_the_issuer() {
    let relative = relative_point_name("shard");
    let full = {
        let name = b"\x30\x1f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x0c\x04Root\
            \x31\x0e\x30\x0c\x06\x03\x55\x04\x03\x0c\x05shard";
        tlv(0xa0, &[&tlv(0xa0, &[&tlv(0xa4, &[name])])])
    };
    for own in [&relative, &full] {
        let world = Shards::new(&[own]);
        for of_list in [&relative, &full] {
            world.verify(&[Crl::new().scope(&[of_list])]).unwrap();
        }
        let other = relative_point_name("other");
        world.assert_unknown(&[Crl::new().scope(&[&other])], OTHER_POINT);
    }
}

#[test]
fn a_point_with_the_issuer_s_name_is_everybody_s() {
    let name = b"\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x0c\x04Root";
    let point = tlv(0xa0, &[&tlv(0xa0, &[&tlv(0xa4, &[name])])]);
    Shards::new(&[])
        .verify(&[Crl::new().scope(&[&point])])
        .unwrap();
}

#[test]
fn for_cas_or_for_others() {
    let root = Authority::named("Root");
    let intermediate = root.intermediate("Intermediate");
    let alice = Leaf::named("alice").client();
    let alice = alice.issued_by(&intermediate).with(&intermediate);
    let chain = |root_scope: &[u8], issuing_scope: &[u8]| {
        let lists = [
            Crl::new().scope(&[root_scope]).signed_by(&root),
            Crl::new().scope(&[issuing_scope]).signed_by(&intermediate),
        ];
        verify(
            &[&root],
            chain_depth(),
            &lists,
            &alice.chain,
            UnixTime::now(),
        )
    };
    chain(ONLY_CAS, ONLY_USERS).unwrap();
    assert_rejected(
        chain(ONLY_CAS, ONLY_CAS),
        RevocationStatusUnknown,
        Some(0),
        "is about CA certificates only",
    );
    assert_rejected(
        chain(ONLY_USERS, ONLY_USERS),
        RevocationStatusUnknown,
        Some(1),
        "is about user certificates only",
    );
}

#[test]
fn some_reasons_prove_nothing_before_they_are_all() {
    let world = Shards::new(&[]);
    // Bits 1 to 4, and 5 to 8, of nine; two octets.
    let [first, rest] = [&b"\x83\x02\x03\x78"[..], &b"\x83\x03\x07\x07\x80"[..]]
        .map(|reasons| Crl::new().scope(&[reasons]));
    for part in [&first, &rest] {
        world.assert_unknown(std::slice::from_ref(part), "covers some reasons only");
        let listing = part.clone().lists(world.alice.leaf());
        assert_rejected(world.verify(&[listing, Crl::new()]), Revoked, Some(0), "");
    }
    world.verify(&[first, rest]).unwrap();
}

#[test]
fn entries_know_their_extensions() {
    let world = Shards::new(&[]);
    // An invalidityDate that is critical does not surprise.
    let date = extension(24, true, b"\x18\x0f20250101000000Z");
    let list = Crl::new().lists_with(world.alice.leaf(), time::Duration::ZERO, &date);
    assert_rejected(world.verify(&[list]), Revoked, Some(0), "(unspecified)");
}
