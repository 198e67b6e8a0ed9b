//! What is not read: each with its problem, and what its message says to do.

use mtls::error::MaterialProblem;
use mtls::{MaterialError, MtlsIdentity, Passphrase, PrivateKey, TrustAnchors};
use pki_types::pem::PemObject;

use super::forge::{
    self, About, CERTIFICATE, CRL, KEY, Outside, SAFE_CONTENTS, SECRET, X509, certificate,
    container, content, encrypted_safe, explicit, octets, oid, pbe, safe, sequence, tlv,
};
use super::passphrase;
use super::workshop::Workshop;
use crate::common::loading::loader;
use crate::common::programs::Program;
use crate::{error_says, fixture, path};

pub(super) const EXPORT_ANEW: &str =
    "openssl pkcs12 -in FILE -nodes -out PEM && openssl pkcs12 -export -in PEM -out NEW";

/// Loads a container as trust anchors and as an identity.
pub(super) fn load_both(der: &[u8]) -> (MaterialError, MaterialError) {
    let loader = mtls::Loader::new().passphrase(passphrase().clone());
    let input = mtls::material::Input::bytes(der);
    (
        loader.load_anchors(input.clone()).unwrap_err(),
        loader.load_identity(input).unwrap_err(),
    )
}

/// Loads a container; its fault is the same for trust anchors and for an identity.
pub(super) fn load(der: &[u8]) -> MaterialError {
    let (anchors, identity) = load_both(der);
    let kinds = [&anchors, &identity].map(|e| std::mem::discriminant(e.problem()));
    assert_eq!(kinds[0], kinds[1], "{anchors} {identity}");
    identity
}

#[track_caller]
fn is_unsupported(der: &[u8], found: &str) {
    let error = load(der);
    assert!(
        matches!(error.problem(), MaterialProblem::Pkcs12Unsupported { .. }),
        "{error}"
    );
    error_says(&error, &[found, &format!("hint: {EXPORT_ANEW}")]);
}

#[track_caller]
pub(super) fn is_malformed(der: &[u8]) {
    let error = load(der);
    assert!(
        matches!(error.problem(), MaterialProblem::Pkcs12Malformed),
        "{error}"
    );
    assert!(
        error
            .hint()
            .contains("openssl pkcs12 -in FILE -info -noout")
    );
}

#[track_caller]
pub(super) fn is_unexpected(error: &MaterialError, expected: &str) {
    assert!(
        matches!(error.problem(), MaterialProblem::UnexpectedContent { found, .. } if *found == expected),
        "{error}"
    );
}

pub(super) fn ours() -> Vec<Vec<u8>> {
    let key = PrivateKey::from_pem(&fixture("rsa_pkcs8.pem")).unwrap();
    vec![
        forge::bag(KEY, key.pkcs8_der().secret_pkcs8_der(), About::default()),
        certificate(X509, &fixture("rsa.crt.der"), About::default()),
    ]
}

#[test]
fn what_is_forged_here_is_right_but_for_what_is_wrong() {
    let identity = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_identity(mtls::material::Input::bytes(container(&[safe(&ours())])))
        .unwrap();
    assert_eq!(identity.chain().leaf().as_ref(), fixture("rsa.crt.der"));
}

#[test]
fn an_encrypted_container_without_a_mac_is_rejected() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let workshop = Workshop::new();
    for options in ["-nomac", "-nomac -keypbe NONE -certpbe AES-256-CBC"] {
        let der = workshop.export(&openssl, "p256", options);
        for passphrase in [None, Some(passphrase()), Some(Passphrase::new(""))] {
            let error = loader(passphrase.as_ref())
                .load_identity(mtls::material::Input::bytes(&der))
                .unwrap_err();
            assert!(
                matches!(error.problem(), MaterialProblem::Pkcs12WithoutMac),
                "{options}: {error}"
            );
            error_says(&error, &[&format!("hint: {EXPORT_ANEW}")]);
        }
        assert!(
            mtls::Loader::new()
                .load_anchors(mtls::material::Input::bytes(&der))
                .is_err()
        );
    }
    // And what the message says to do helps.
    workshop.run(
        &openssl,
        "pkcs12 -in made.p12 -nodes -out plain.pem -passin",
        &["pass:correct horse"],
    );
    workshop.run(
        &openssl,
        "pkcs12 -export -in plain.pem -out again.p12 -passout",
        &["pass:correct horse"],
    );
    let identity = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_identity(workshop.path("again.p12"));
    assert_eq!(identity.unwrap().chain().as_slice(), workshop.chain("p256"));
}

#[test]
fn without_mac_and_encryption_it_is_read_without_a_passphrase() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let workshop = Workshop::new();
    let der = workshop.export(&openssl, "p256", "-nomac -keypbe NONE -certpbe NONE");
    let empty = Passphrase::new("");
    for identity in [
        mtls::Loader::new().load_identity(mtls::material::Input::bytes(&der)),
        MtlsIdentity::from_file(workshop.path("made.p12")),
        mtls::Loader::new()
            .passphrase(empty.clone())
            .load_identity(mtls::material::Input::bytes(&der)),
        mtls::Loader::new()
            .passphrase(empty.clone())
            .load_identity(mtls::material::Input::bytes(&der)),
    ] {
        assert_eq!(identity.unwrap().chain().as_slice(), workshop.chain("p256"));
    }
    for error in [
        mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_identity(mtls::material::Input::bytes(&der))
            .unwrap_err(),
        mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_identity(mtls::material::Input::bytes(&der))
            .unwrap_err(),
    ] {
        assert!(
            matches!(error.problem(), MaterialProblem::Pkcs12PassphraseWithoutMac),
            "{error}"
        );
        error_says(&error, &["hint: no `Loader::passphrase`"]);
    }
    let error = mtls::Loader::new()
        .load_anchors(mtls::material::Input::bytes(&der))
        .unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::IdentityInsteadOfAnchors),
        "{error}"
    );

    let line = "pkcs12 -export -nokeys -in root.crt -nomac -certpbe NONE -out trust.p12 -passout";
    workshop.run(&openssl, line, &["pass:"]);
    let der = workshop.read("trust.p12");
    for anchors in [
        mtls::Loader::new().load_anchors(mtls::material::Input::bytes(&der)),
        TrustAnchors::from_file(workshop.path("trust.p12")),
        mtls::Loader::new()
            .passphrase(empty.clone())
            .load_anchors(mtls::material::Input::bytes(&der)),
        mtls::Loader::new()
            .passphrase(empty.clone())
            .load_anchors(workshop.path("trust.p12")),
    ] {
        assert_eq!(anchors.unwrap().as_slice(), [workshop.certificate("root")]);
    }
    let error = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_anchors(mtls::material::Input::bytes(&der))
        .unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::Pkcs12PassphraseWithoutMac),
        "{error}"
    );
    // A chain is not read from it, nor anchors of a container that takes a passphrase.
    assert!(
        mtls::Loader::new()
            .load_chain(mtls::material::Input::bytes(&der))
            .is_err()
    );
    let line = "pkcs12 -export -nokeys -in root.crt -out trust.p12 -passout";
    workshop.run(&openssl, line, &["pass:correct horse"]);
    let error = TrustAnchors::from_file(workshop.path("trust.p12")).unwrap_err();
    let is_missing =
        |error: &MaterialError| matches!(error.problem(), MaterialProblem::PassphraseMissing);
    assert!(is_missing(&error), "{error}");
    let error = MtlsIdentity::from_file(workshop.path("trust.p12")).unwrap_err();
    assert!(is_missing(&error), "{error}");
}

#[test]
fn other_schemes_are_rejected_by_name() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let workshop = Workshop::new();
    for (options, name) in [
        (
            "-legacy -certpbe PBE-SHA1-RC4-128",
            "pbeWithSHAAnd128BitRC4 (1.2.840.113549.1.12.1.1)",
        ),
        (
            "-legacy -certpbe PBE-SHA1-RC4-40",
            "pbeWithSHAAnd40BitRC4 (1.2.840.113549.1.12.1.2)",
        ),
        (
            "-legacy -certpbe PBE-MD5-DES",
            "PBES1 pbeWithMD5AndDES-CBC (1.2.840.113549.1.5.3)",
        ),
        (
            "-certpbe CAMELLIA-256-CBC",
            "Camellia-256-CBC (1.2.392.200011.61.1.1.1.4)",
        ),
    ] {
        let error = load(&workshop.export(&openssl, "p256", options));
        assert!(
            matches!(
                error.problem(),
                MaterialProblem::EncryptionUnsupported { .. }
            ),
            "{error}"
        );
        let (_, second) = EXPORT_ANEW.split_once(" && ").unwrap();
        error_says(&error, &[name, &format!("hint: {second}")]);
    }
    for (options, digest) in [
        ("-macalg md5", "1.2.840.113549.2.5"),
        ("-macalg sha512-256", "2.16.840.1.101.3.4.2.6"),
        ("-macalg sha3-256", "2.16.840.1.101.3.4.2.8"),
    ] {
        is_unsupported(&workshop.export(&openssl, "p256", options), digest);
    }
}

#[test]
fn a_container_with_a_key_is_no_store_of_anchors() {
    let error = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_anchors(path("rsa.p12"))
        .unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::IdentityInsteadOfAnchors),
        "{error}"
    );
    error_says(
        &error,
        &[
            "rsa.p12",
            "there is a private key in it, and trust anchors are expected",
            "hint: openssl pkcs12 -in FILE -cacerts -nokeys -out NEW",
        ],
    );
    // Its key costs nothing, since it is not opened.
    let key = sequence(&[&forge::pbes2(i128::from(u32::MAX)), &octets(&[0; 64])]);
    let key = forge::bag(forge::SHROUDED_KEY, &key, About::default());
    let error = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_anchors(mtls::material::Input::bytes(container(&[safe(&[key])])));
    assert!(matches!(
        error.unwrap_err().problem(),
        MaterialProblem::IdentityInsteadOfAnchors
    ));
}

#[test]
fn other_outsides_are_rejected_by_name() {
    let around = |outside: Outside<'_>| outside.around(&[safe(&ours())]);
    for version in [0, 1, 2, 4, 255] {
        let der = around(Outside {
            version,
            ..Outside::default()
        });
        is_unsupported(&der, &format!("version {version}"));
    }
    // Versions that do not fit into one octet.
    for version in [-1, 256] {
        is_malformed(&around(Outside {
            version,
            ..Outside::default()
        }));
    }
    for (kind, found) in [
        (
            "1.2.840.113549.1.7.2",
            "a signature in place of a MAC (signedData)",
        ),
        (
            "1.2.840.113549.1.7.5",
            "content of the type 1.2.840.113549.1.7.5",
        ),
    ] {
        is_unsupported(
            &around(Outside {
                kind,
                ..Outside::default()
            }),
            found,
        );
    }
    let parameters = sequence(&[&sequence(&[]), &sequence(&[])]);
    let der = around(Outside {
        mac_digest: sequence(&[&oid("1.2.840.113549.2.2"), &parameters]),
        ..Outside::default()
    });
    is_unsupported(&der, "a MAC by the digest 1.2.840.113549.2.2");
    let long = |length: usize| {
        around(Outside {
            mac_salt: vec![7; length],
            ..Outside::default()
        })
    };
    assert!(
        mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_identity(mtls::material::Input::bytes(long(1024)))
            .is_ok()
    );
    let error = load(&long(1025)).to_string();
    assert!(error.contains("more than 1024 bytes of salt"), "{error}");
}

#[test]
fn other_insides_are_rejected_by_name() {
    let none = About::default();
    let with = |part: Vec<u8>| container(&[safe(&ours()), part]);
    is_unsupported(
        &with(content("1.2.840.113549.1.7.3", &sequence(&[]))),
        "encrypted to a certificate (envelopedData)",
    );
    is_unsupported(
        &with(content("1.2.3", &sequence(&[]))),
        "a safe of the type 1.2.3",
    );
    let with_bag = |bag: Vec<u8>| with(safe(&[bag]));
    let list = with_bag(forge::bag(CRL, &sequence(&[]), none));
    is_unsupported(&list, "content: a revocation list");
    error_says(
        &load(&list),
        &["hint: give revocation lists separately (in code: to `RevocationLists`)"],
    );
    is_unsupported(
        &with_bag(forge::bag("1.2.3.4", &sequence(&[]), none)),
        "a bag of the type 1.2.3.4",
    );
    is_unsupported(
        &with_bag(certificate("1.2.840.113549.1.9.22.2", b"(sdsi)", none)),
        "an SDSI certificate",
    );
    is_unsupported(
        &with_bag(certificate("1.2.3.5", b"x", none)),
        "a certificate of the type 1.2.3.5",
    );
    let error = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_identity(mtls::material::Input::bytes(with(encrypted_safe(
            &pbe("1.2.840.113549.1.12.1.1", 1),
            &[7; 64],
        ))));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("pbeWithSHAAnd128BitRC4"), "{error}");
    // A secret is neither a key nor a certificate.
    let secret = forge::bag(
        SECRET,
        &sequence(&[&oid("1.2.3"), &explicit(&octets(b"s"))]),
        none,
    );
    mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_identity(mtls::material::Input::bytes(with_bag(secret)))
        .unwrap();
}

#[test]
fn bags_in_bags_are_limited() {
    let mut bags = ours();
    for depth in 1..=6 {
        let nested = forge::bag(SAFE_CONTENTS, &tlv(0x30, &bags.concat()), About::default());
        let result = mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_identity(mtls::material::Input::bytes(container(&[safe(
                std::slice::from_ref(&nested),
            )])));
        match result {
            Ok(_) => assert!(depth <= 4),
            Err(error) => {
                assert!(depth > 4, "{error}");
                error_says(&error, &["more than 4 levels"]);
            }
        }
        bags = vec![nested];
    }
}

#[test]
fn numbers_are_limited() {
    let certificate = certificate(X509, &fixture("rsa.crt.der"), About::default());
    let one_bag = safe(&[certificate]);
    let most = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_anchors(mtls::material::Input::bytes(container(&vec![
            one_bag
                .clone();
            64
        ])));
    // Sixty-four times the same certificate is one.
    assert_eq!(most.unwrap().as_slice().len(), 1);
    let error = load(&container(&vec![one_bag; 65])).to_string();
    assert!(error.contains("more than 64 safes"), "{error}");
    let secret = forge::bag(SECRET, &sequence(&[]), About::default());
    let error = load(&container(&[safe(&vec![secret; 4097])])).to_string();
    assert!(error.contains("more than 4096 bags"), "{error}");
    let key = ours().swap_remove(0);
    let error = load(&container(&[safe(&vec![key; 65])])).to_string();
    assert!(error.contains("more than 64 private keys"), "{error}");
    let attribute = sequence(&[&oid("1.2.3"), &tlv(0x31, &[])]);
    let bag = |count| {
        let value = sequence(&[&oid(X509), &explicit(&octets(&fixture("rsa.crt.der")))]);
        let attributes = tlv(0x31, &vec![attribute.clone(); count].concat());
        sequence(&[&oid(CERTIFICATE), &explicit(&value), &attributes])
    };
    mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_anchors(mtls::material::Input::bytes(container(&[safe(&[bag(32)])])))
        .unwrap();
    let error = load(&container(&[safe(&[bag(33)])])).to_string();
    assert!(error.contains("more than 32 attributes"), "{error}");
    let secret = forge::bag(SECRET, &octets(&[0; 1 << 20]), About::default());
    let error = load(&container(&[safe(&[secret])])).to_string();
    assert!(error.contains("more than 1048576 bytes"), "{error}");
}

#[test]
fn the_parts_may_not_have_another_passphrase_than_the_mac() {
    let none = About::default();
    // Encrypted by something else than what the MAC was made with.
    for algorithm in [forge::pbes2(1), pbe("1.2.840.113549.1.12.1.3", 1)] {
        let key = sequence(&[&algorithm, &octets(&[7; 64])]);
        let key = forge::bag(forge::SHROUDED_KEY, &key, none);
        let error = mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_identity(mtls::material::Input::bytes(container(&[safe(&[key])])));
        let error = error.unwrap_err();
        let safe = load(&container(&[encrypted_safe(&algorithm, &[7; 64])]));
        for error in [error, safe] {
            assert!(
                matches!(error.problem(), MaterialProblem::Pkcs12Unsupported { .. }),
                "{error}"
            );
            let said = error.to_string();
            let part = "a part with another passphrase, or a damaged one";
            assert!(said.contains(part), "{said}");
        }
    }
}

/// The MAC says that the passphrase is right: it is the key that is not.
#[test]
fn keys_that_open_and_are_none() {
    let inside = |plain: &[u8]| {
        let key = crate::encrypted::sealed(plain);
        let key = forge::bag(forge::SHROUDED_KEY, &key, About::default());
        let certificate = certificate(X509, &fixture("rsa.crt.der"), About::default());
        let container = container(&[safe(&[key, certificate])]);
        mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_identity(mtls::material::Input::bytes(&container))
    };
    let key = PrivateKey::from_pem(&fixture("rsa_pkcs8.pem")).unwrap();
    let key = key.pkcs8_der().secret_pkcs8_der().to_vec();
    inside(&key).unwrap();
    let mut damaged = key.clone();
    // The algorithm's identifier.
    damaged[9] ^= 0x40;
    let problem = |plain: &[u8]| format!("{:?}", inside(plain).unwrap_err().problem());
    assert_eq!(problem(&damaged), "KeyMalformed");
    let ed448 = pki_types::PrivateKeyDer::from_pem_slice(&fixture("ed448.pem")).unwrap();
    assert!(problem(ed448.secret_der()).starts_with("KeyUnsupported { found: \"Ed448"));
    assert!(problem(&key[1..]).starts_with("Pkcs12Unsupported"));
}
