//! Lists whose issuer is spelled otherwise than the CA spells itself: the same name by RFC 5280, section 7.1.

use mtls::RejectionReason::{RevocationStatusUnknown, Revoked};
use mtls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use mtls::{RevocationLists, VerifierPolicy};

use x509_cert::der::asn1::AnyRef;
use x509_cert::der::{Decode, Encode};

use crate::common::pki::crl::{Crl, tlv};
use crate::common::pki::{Authority, Cast, Leaf};
use crate::scene::Scene;
use crate::{World, assert_rejected, chain_depth, leaf_depth, verify_by};

const PRINTABLE_STRING: u8 = 0x13;
const UTF8_STRING: u8 = 0x0c;
const BMP_STRING: u8 = 0x1e;
const INTEGER: u8 = 0x02;

/// A `Name` of one common name.
fn name(tag: u8, common_name: &[u8]) -> Vec<u8> {
    let value = tlv(tag, &[common_name]);
    let attribute = tlv(0x30, &[b"\x06\x03\x55\x04\x03", &value]);
    tlv(0x30, &[&tlv(0x31, &[&attribute])])
}

/// `common_name` in both string types, in its own case and another, with its own blanks and more.
fn spellings(common_name: &str) -> Vec<Vec<u8>> {
    let mut spellings = Vec::new();
    for tag in [UTF8_STRING, PRINTABLE_STRING] {
        for cased in [common_name.to_owned(), common_name.to_ascii_uppercase()] {
            for spaced in [cased.clone(), format!(" {} ", cased.replace(' ', "   "))] {
                spellings.push(name(tag, spaced.as_bytes()));
            }
        }
    }
    spellings
}

#[test]
fn a_revoked_peer_is_rejected_in_every_spelling_on_every_backend() {
    let spellings = spellings("Ivo Intermediate");
    assert_eq!(spellings.len(), 8);
    for issuer in &spellings {
        for with_an_older_list in [false, true] {
            let lists = |cast: &Cast| -> Vec<CertificateRevocationListDer<'static>> {
                let revoking = Crl::new()
                    .number(&[2])
                    .lists(cast.alice.leaf())
                    .lists(cast.server.leaf())
                    .signed_as(issuer, &cast.intermediate);
                // In the CA's own spelling, as it was before.
                let older = Crl::new().signed_by(&cast.intermediate);
                let older = with_an_older_list.then_some(older);
                [older, Some(revoking)].into_iter().flatten().collect()
            };
            let policy = VerifierPolicy::allow_any_authenticated().revocation(leaf_depth());
            let given = |scene: &Scene| RevocationLists::from_der(lists(&scene.cast)).unwrap();
            let mut scene = Scene::new();
            scene.server.revocation_lists = Some(given(&scene));
            scene.server.policy = policy.clone();
            scene.client_is_rejected(Revoked, &["certificate 0"]);
            let mut scene = Scene::new().without_native_tls();
            scene.client.revocation_lists = Some(given(&scene));
            scene.client.policy = policy;
            scene.server_is_rejected(Revoked, &["certificate 0"]);
        }
    }
}

#[test]
fn a_list_in_another_spelling_proves_good_as_well() {
    let world = World::new();
    for issuer in spellings("Intermediate") {
        let list = Crl::new().signed_as(&issuer, &world.intermediate);
        let root = Crl::new().signed_by(&world.root);
        world.verify(chain_depth(), &[list, root]).unwrap();
    }
}

#[test]
fn the_key_decides_where_a_name_cannot_be_decoded() {
    let world = World::new();
    let clean = Crl::new().signed_by(&world.intermediate);
    for issuer in [
        name(BMP_STRING, b"\0I\0n\0"),
        name(UTF8_STRING, b"Intermediate\xff"),
        name(INTEGER, b"\x01"),
    ] {
        let listing = Crl::new().lists(world.alice.leaf());
        let revoking = listing.signed_as(&issuer, &world.intermediate);
        let verdict = world.verify(leaf_depth(), &[clean.clone(), revoking]);
        assert_rejected(verdict, Revoked, Some(0), "");
        // Of another key it says nothing.
        let foreign = listing.signed_as(&issuer, &world.root);
        world
            .verify(leaf_depth(), &[clean.clone(), foreign])
            .unwrap();
    }
}

#[test]
fn another_name_stays_another() {
    let world = World::new();
    for other in [
        "Intermediat",
        "Inter mediate",
        "Intermediate 2",
        "Íntermediate",
    ] {
        let list = Crl::new().signed_as(&name(UTF8_STRING, other.as_bytes()), &world.intermediate);
        let verdict = world.verify(leaf_depth(), &[list]);
        assert_rejected(
            verdict,
            RevocationStatusUnknown,
            Some(0),
            "none among the 1",
        );
    }
}

#[test]
fn a_distribution_point_named_after_the_issuer_in_another_spelling_is_its_own() {
    let world = World::new();
    for issuer in spellings("Intermediate") {
        // fullName [0] { directoryName [4] }
        let point = tlv(0xa0, &[&tlv(0xa0, &[&tlv(0xa4, &[&issuer])])]);
        let list = Crl::new().scope(&[&point]).signed_by(&world.intermediate);
        world.verify(leaf_depth(), &[list]).unwrap();
    }
}

/// What one tool writes as UTF-8 under a type that has none, another reads as Latin-1: the key decides.
#[test]
fn a_name_beyond_ascii_is_found_in_every_type() {
    const TELETEX_STRING: u8 = 0x14;
    let utf8 = "Zürich".as_bytes();
    let spellings = [
        (UTF8_STRING, utf8),
        (TELETEX_STRING, utf8),
        (TELETEX_STRING, b"Z\xfcrich"),
        (PRINTABLE_STRING, utf8),
        (PRINTABLE_STRING, b"Z\xfcrich"),
        (BMP_STRING, b"\0Z\0\xfc\0r\0i\0c\0h"),
    ];
    for (tag, value) in spellings {
        // The CA's own certificate in that spelling, which nothing that makes certificates writes.
        let ca = Authority::named("mmmmmm");
        let leaf = Leaf::named("alice")
            .dns("alice.test")
            .client()
            .issued_by(&ca);
        let anchor = respelled(&ca.certificate(), "mmmmmm", tag, value, &ca);
        let alice = respelled(leaf.leaf(), "mmmmmm", tag, value, &ca);
        let own = name(tag, value);
        for (other, text) in spellings {
            let older = Crl::new().signed_as(&own, &ca);
            let revoking = Crl::new().number(&[2]).lists(leaf.leaf());
            let revoking = revoking.signed_as(&name(other, text), &ca);
            let lists = [older, revoking];
            let now = UnixTime::now();
            let chain = [alice.clone()];
            let verdict = verify_by(
                std::slice::from_ref(&anchor),
                leaf_depth(),
                &lists,
                &chain,
                now,
            );
            assert_rejected(verdict, Revoked, Some(0), "");
        }
    }
}

/// A certificate of a CA with that common name, spelled otherwise wherever it stands and signed anew.
fn respelled(
    der: &CertificateDer<'_>,
    common_name: &str,
    tag: u8,
    value: &[u8],
    ca: &Authority,
) -> CertificateDer<'static> {
    let certificate = x509_cert::Certificate::from_der(der).unwrap();
    let tbs = certificate.tbs_certificate().to_der().unwrap();
    let mut content = AnyRef::from_der(&tbs).unwrap().value().to_vec();
    let old = name(UTF8_STRING, common_name.as_bytes());
    let new = name(tag, value);
    let mut at = 0;
    while let Some(found) = content[at..].windows(old.len()).position(|w| w == old) {
        content.splice(at + found..at + found + old.len(), new.iter().copied());
        at += found + new.len();
    }
    let tbs = tlv(0x30, &[&content]);
    let algorithm = certificate.signature_algorithm().to_der().unwrap();
    let signature = [&[0], &*ca.sign_message(&tbs)].concat();
    tlv(0x30, &[&tbs, &algorithm, &tlv(0x03, &[&signature])]).into()
}
