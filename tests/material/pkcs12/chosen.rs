//! Which key and which certificate are taken, whatever a container says.

use der::{Decode, Encode};
use mtls::error::MaterialProblem;
use mtls::{MaterialError, MtlsIdentity, PrivateKey};
use rcgen::{Issuer, KeyPair};

use super::forge::{self, About, CERTIFICATE, KEY, X509, container, named, safe};
use super::passphrase;
use super::workshop::{KEYS, Workshop, params};
use crate::{error_says, fixture, says};

fn key(name: &str, about: About<'_>) -> Vec<u8> {
    let (_, file) = KEYS.into_iter().find(|(n, _)| *n == name).unwrap();
    let key = PrivateKey::from_pem(&fixture(file)).unwrap();
    forge::bag(KEY, key.pkcs8_der().secret_pkcs8_der(), about)
}

fn certificate(workshop: &Workshop, name: &str, about: About<'_>) -> Vec<u8> {
    forge::certificate(X509, &workshop.certificate(name), about)
}

fn load(bags: &[Vec<u8>]) -> Result<MtlsIdentity, MaterialError> {
    mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_identity(mtls::material::Input::bytes(container(&[safe(bags)])))
}

fn load_named(bags: &[Vec<u8>], name: &str) -> Result<MtlsIdentity, MaterialError> {
    mtls::Loader::new()
        .passphrase(passphrase().clone())
        .friendly_name(name)
        .load_identity(mtls::material::Input::bytes(container(&[safe(bags)])))
}

#[test]
fn every_order_of_the_bags_gives_the_same_identity() {
    let workshop = Workshop::new();
    let none = About::default();
    let bags = [
        key("p256", none),
        certificate(&workshop, "p256", none),
        certificate(&workshop, "issuing", none),
        certificate(&workshop, "root", none),
    ];
    let mut orders = 0;
    for a in 0..4 {
        for b in (0..4).filter(|b| *b != a) {
            for c in (0..4).filter(|c| ![a, b].contains(c)) {
                let order = [a, b, c, 6 - a - b - c].map(|at: usize| bags[at].clone());
                let together = load(&order).unwrap();
                let apart = container(&order.map(|bag| safe(&[bag])));
                let apart = mtls::Loader::new()
                    .passphrase(passphrase().clone())
                    .load_identity(mtls::material::Input::bytes(&apart))
                    .unwrap();
                for identity in [together, apart] {
                    assert_eq!(identity.chain().as_slice(), workshop.chain("p256"));
                }
                orders += 1;
            }
        }
    }
    assert_eq!(orders, 24);
}

#[test]
fn the_leaf_is_the_certificate_of_the_key_whatever_the_bags_say() {
    let workshop = Workshop::new();
    let ours = About {
        name: None,
        id: Some(b"1"),
    };
    let theirs = About {
        name: None,
        id: Some(b"2"),
    };
    let identity = load(&[
        key("rsa", ours),
        certificate(&workshop, "p384", ours),
        certificate(&workshop, "issuing", ours),
        certificate(&workshop, "rsa", theirs),
    ]);
    assert_eq!(identity.unwrap().chain().as_slice(), workshop.chain("rsa"));
}

#[test]
fn of_two_certificates_for_the_key_its_identifier_decides() {
    let workshop = Workshop::new();
    // As after a renewal that kept the key.
    let root_key = KeyPair::from_pem(&String::from_utf8(workshop.read("root.key")).unwrap());
    let issuer = Issuer::new(params("Rhea", true), root_key.unwrap());
    let own = KeyPair::from_pem(&String::from_utf8(workshop.read("p256.key")).unwrap()).unwrap();
    let newer = params("newer", false).signed_by(&own, &issuer).unwrap();
    let id = |id| About {
        name: None,
        id: Some(id),
    };
    let (old, new) = (&b"1"[..], &b"2"[..]);
    let bags = |key_id: About<'_>| {
        [
            key("p256", key_id),
            certificate(&workshop, "p256", id(old)),
            forge::certificate(X509, newer.der(), id(new)),
            certificate(&workshop, "issuing", About::default()),
        ]
    };
    let identity = load(&bags(id(old))).unwrap();
    assert_eq!(identity.chain().as_slice(), workshop.chain("p256"));
    let identity = load(&bags(id(new))).unwrap();
    assert_eq!(identity.chain().as_slice(), [newer.der().clone()]);
    for key_id in [id(b"3"), About::default()] {
        let error = load(&bags(key_id)).unwrap_err();
        assert!(
            matches!(error.problem(), MaterialProblem::SeveralIdentities { .. }),
            "{error}"
        );
        says(load(&bags(key_id)), &["hint: CN=p256", "hint: CN=newer"]);
    }
}

#[test]
fn of_several_keys_the_only_one_of_a_leaf_is_taken() {
    let workshop = Workshop::new();
    let none = About::default();
    let root_key = PrivateKey::from_pem(&workshop.read("root.key")).unwrap();
    let root_key = forge::bag(KEY, root_key.pkcs8_der().secret_pkcs8_der(), none);
    let identity = load(&[
        // Without a certificate, and a CA's.
        key("rsa", none),
        root_key.clone(),
        certificate(&workshop, "root", none),
        key("ed25519", none),
        certificate(&workshop, "ed25519", none),
        certificate(&workshop, "issuing", none),
        // In two bags.
        key("ed25519", none),
    ]);
    assert_eq!(
        identity.unwrap().chain().as_slice(),
        workshop.chain("ed25519")
    );
    let error = load(&[root_key, certificate(&workshop, "root", none)]).unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::CaLeaf { .. }),
        "{error}"
    );
}

/// Nothing at this floor derives the public half of P-521, so the keys themselves are compared.
#[test]
fn a_key_without_its_public_half_in_two_bags_is_one() {
    let made = || KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap();
    let none = About::default();
    let bag = |key: &KeyPair| {
        let der = key.serialize_der();
        let info = pkcs8::PrivateKeyInfoRef::from_der(&der).unwrap();
        let inner = sec1::EcPrivateKey::from_der(info.private_key.as_bytes()).unwrap();
        let bare = sec1::EcPrivateKey {
            private_key: inner.private_key,
            parameters: None,
            public_key: None,
        };
        let bare = bare.to_der().unwrap();
        let bare = pkcs8::PrivateKeyInfoRef {
            private_key: der::asn1::OctetStringRef::new(&bare).unwrap(),
            public_key: None,
            ..info
        };
        forge::bag(KEY, &bare.to_der().unwrap(), none)
    };
    let (key, other) = (made(), made());
    let leaf = params("leaf", false).self_signed(&key).unwrap();
    let leaf = forge::certificate(X509, leaf.der(), none);
    load(&[bag(&key), leaf.clone(), bag(&key)]).unwrap();
    let error = load(&[bag(&key), leaf, bag(&other)]).unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::SeveralIdentities { .. }),
        "{error}"
    );
}

#[test]
fn a_friendly_name_selects_one_of_several_identities() {
    let workshop = Workshop::new();
    let none = About::default();
    let bags = [
        key("rsa", named("Old client")),
        certificate(&workshop, "rsa", none),
        // The name stands beside the certificate alone.
        key("p256", none),
        certificate(&workshop, "p256", named("new client 🔑")),
        key("p384", named("two")),
        certificate(&workshop, "p384", named("two")),
        key("ed25519", named("two")),
        certificate(&workshop, "ed25519", named("two")),
        certificate(&workshop, "issuing", none),
    ];
    for (name, leaf) in [("Old client", "rsa"), ("new client 🔑", "p256")] {
        let identity = load_named(&bags, name).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(identity.chain().as_slice(), workshop.chain(leaf));
    }
    let all = ["hint: `Old client` CN=rsa", "hint: `new client 🔑` CN=p256"];
    says(load(&bags), &all);
    says(
        load(&bags),
        &[
            "there is not exactly one identity",
            "hint: `Loader::friendly_name`",
        ],
    );
    for (result, is_as_meant) in [
        (load_named(&bags, "old client"), false),
        (load_named(&bags, ""), false),
        (load_named(&bags, "two"), true),
        (load(&bags), true),
    ] {
        let error = result.unwrap_err();
        let is_several = matches!(error.problem(), MaterialProblem::SeveralIdentities { .. });
        let is_none = matches!(error.problem(), MaterialProblem::NoSuchIdentity { .. });
        assert_eq!(
            (is_several, is_none),
            (is_as_meant, !is_as_meant),
            "{error}"
        );
    }
    says(load_named(&bags, "old client"), &all);
}

#[test]
fn names_are_cleaned_and_shortened() {
    let workshop = Workshop::new();
    let none = About::default();
    let hostile = "a\nb\u{202e}c\u{7}";
    let long = "n".repeat(4000);
    let bags = [
        key("rsa", named(hostile)),
        certificate(&workshop, "rsa", none),
        key("p256", named(&long)),
        certificate(&workshop, "p256", none),
    ];
    let error = mtls::Report::new(&load(&bags).unwrap_err()).to_string();
    assert!(error.contains(r"`a\u{a}b\u{202e}c\u{7}`"), "{error}");
    let is_hidden = |c: char| c != '\n' && c.is_control() || c == '\u{202e}';
    assert!(!error.contains(is_hidden) && error.lines().count() == 2);
    assert!(error.len() < 1000, "{error}");
    let error = load_named(&bags, "x\u{1b}[2J").unwrap_err();
    let error = mtls::Report::new(&error).to_string();
    assert!(!error.contains('\u{1b}'), "{error}");
    assert!(load_named(&bags, hostile).is_ok());
}

#[test]
fn half_a_character_of_a_name_is_shown_as_what_it_is_not() {
    let pkcs8 = PrivateKey::from_pem(&fixture("rsa_pkcs8.pem")).unwrap();
    let name = forge::tlv(0x1e, b"\0a\0");
    let name = forge::sequence(&[&forge::oid(forge::FRIENDLY_NAME), &forge::tlv(0x31, &name)]);
    let odd = forge::sequence(&[
        &forge::oid(KEY),
        &forge::explicit(pkcs8.pkcs8_der().secret_pkcs8_der()),
        &forge::tlv(0x31, &name),
    ]);
    let leaf = forge::certificate(X509, &fixture("rsa.crt.der"), About::default());
    let bags = [odd, leaf];
    load(&bags).unwrap();
    load_named(&bags, "a\u{fffd}").unwrap();
    let error = load_named(&bags, "a").unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::NoSuchIdentity { .. }),
        "{error}"
    );
}

#[test]
fn a_long_list_is_cut() {
    let keys: Vec<_> = (0..10)
        .map(|n| {
            let key = KeyPair::generate().unwrap().serialize_der();
            forge::bag(KEY, &key, named(&format!("key {n}")))
        })
        .collect();
    let error = load(&keys).unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::SeveralIdentities { .. }),
        "{error}"
    );
    error_says(
        &error,
        &[
            "hint: `key 0` without a certificate; `key 1`",
            "hint: ; and 2 more",
        ],
    );
    let text = mtls::Report::new(&error).to_string();
    assert!(!text.contains("key 8"), "{text}");
}

#[test]
fn keys_and_certificates_that_do_not_belong_together_are_rejected() {
    let workshop = Workshop::new();
    let none = About::default();
    let foreign = load(&[
        key("rsa", none),
        certificate(&workshop, "p256", none),
        certificate(&workshop, "issuing", none),
    ]);
    let error = foreign.unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::NoLeaf { .. }),
        "{error}"
    );
    error_says(
        &error,
        &[
            "hint: CN=p256; CN=Ivo",
            "RSA of 2048 bits",
            "hint: openssl pkcs12 -export",
        ],
    );
    let error = load(&[key("rsa", none)]).unwrap_err();
    assert!(matches!(error.problem(), MaterialProblem::NoCertificate));
    let error = load(&[certificate(&workshop, "p256", none)]).unwrap_err();
    assert!(matches!(error.problem(), MaterialProblem::NoKey));
    let empty = container(&[]);
    let error = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_identity(mtls::material::Input::bytes(&empty))
        .unwrap_err();
    assert!(matches!(error.problem(), MaterialProblem::NoKey));
    let error = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_anchors(mtls::material::Input::bytes(&empty))
        .unwrap_err();
    assert!(matches!(error.problem(), MaterialProblem::NoCertificate));
    let nonsense = forge::bag(CERTIFICATE, &forge::sequence(&[]), none);
    let error = load(&[nonsense]).unwrap_err();
    assert!(matches!(error.problem(), MaterialProblem::Pkcs12Malformed));
    let not_one = forge::certificate(X509, b"no certificate", none);
    let error = load(&[key("rsa", none), not_one]).unwrap_err();
    assert!(matches!(
        error.problem(),
        MaterialProblem::Certificate { .. }
    ));
}
