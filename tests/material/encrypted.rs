use mtls::error::MaterialProblem;
use mtls::{Passphrase, PrivateKey};

use std::time::Duration;

use crate::common::programs::{Program, run};
use crate::sniff::output;
use crate::{error_says, fixture, fixture_text, path, says};

fn passphrase() -> Passphrase {
    Passphrase::new("correct horse")
}

#[test]
fn every_cipher_opens_the_same_key() {
    for (plain, encrypted) in [
        (
            "rsa_pkcs8.pem",
            &[
                "rsa_legacy_aes128.pem",
                "rsa_legacy_aes192.pem",
                "rsa_legacy_aes256.pem",
                "rsa_legacy_des3.pem",
            ][..],
        ),
        ("p256_pkcs8.pem", &["p256_legacy_aes128.pem"]),
        (
            "ed25519.pem",
            &[
                "ed25519_pbes2_aes-128-cbc.pem",
                "ed25519_pbes2_aes-192-cbc.pem",
                "ed25519_pbes2_aes-256-cbc.pem",
                "ed25519_pbes2_des3.pem",
                "ed25519_pbes2_hmacWithSHA1.pem",
                "ed25519_pbes2_hmacWithSHA512.pem",
                "ed25519_scrypt.pem",
            ],
        ),
    ] {
        let plain = PrivateKey::from_pem(&fixture(plain)).unwrap();
        for name in encrypted {
            let key = mtls::Loader::new()
                .passphrase(passphrase().clone())
                .load_key(path(name))
                .unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(key.pkcs8_der(), plain.pkcs8_der(), "{name}");
        }
    }
}

#[test]
fn what_genrsa_writes_opens() {
    let new = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_key(mtls::material::Input::bytes(fixture("genrsa_aes256.pem")))
        .unwrap();
    let old = fixture("genrsa_aes256_traditional.pem");
    let old = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_key(mtls::material::Input::bytes(&old))
        .unwrap();
    assert_eq!(new.pkcs8_der(), old.pkcs8_der());
}

#[test]
fn line_endings_of_windows_change_nothing() {
    for name in [
        "genrsa_aes256.pem",
        "rsa_legacy_aes256.pem",
        "p256_params.pem",
    ] {
        let text = fixture_text(name).replace('\n', "\r\n");
        mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_key(mtls::material::Input::bytes(text.as_bytes()))
            .unwrap();
    }
}

#[test]
fn a_plain_key_needs_no_passphrase() {
    let (plain, passphrase) = (fixture("rsa_pkcs8.pem"), passphrase());
    mtls::Loader::new()
        .passphrase(passphrase.clone())
        .load_key(mtls::material::Input::bytes(&plain))
        .unwrap();
    mtls::Loader::new()
        .passphrase(passphrase.clone())
        .load_key_pair(
            mtls::material::Input::bytes(fixture("rsa.crt")),
            mtls::material::Input::bytes(&plain),
        )
        .unwrap();
    mtls::Loader::new()
        .passphrase(passphrase.clone())
        .load_key_pair(path("rsa.crt"), path("rsa_legacy_aes256.pem"))
        .unwrap();
}

#[test]
fn a_wrong_passphrase_is_said_to_be_wrong() {
    for name in [
        "genrsa_aes256.pem",
        "rsa_legacy_aes128.pem",
        "rsa_legacy_aes256.pem",
        "rsa_legacy_des3.pem",
        "ed25519_pbes2_des3.pem",
        "ed25519_scrypt.pem",
    ] {
        // Some of many leave something that looks padded.
        let many = if name.contains("legacy") { 600 } else { 1 };
        for n in 0..many {
            let wrong = Passphrase::new(format!("wrong {n}"));
            let error = mtls::Loader::new()
                .passphrase(wrong.clone())
                .load_key(mtls::material::Input::bytes(fixture(name)))
                .unwrap_err();
            assert!(
                matches!(error.problem(), MaterialProblem::WrongPassphrase { .. }),
                "{error}"
            );
        }
        says(
            mtls::Loader::new()
                .passphrase(Passphrase::new(""))
                .load_key(path(name)),
            &[
                name,
                "the passphrase from the given value does not open the key",
            ],
        );
    }
}

#[cfg(feature = "legacy-keys")]
#[test]
fn withdrawn_schemes_open_by_their_feature() {
    let plain = PrivateKey::from_pem(&fixture("ed25519.pem")).unwrap();
    let key = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_key(path("ed25519_pbes1.pem"));
    assert_eq!(key.unwrap().pkcs8_der(), plain.pkcs8_der());
    for n in 0..600 {
        let wrong = Passphrase::new(format!("wrong {n}"));
        let error = mtls::Loader::new()
            .passphrase(wrong.clone())
            .load_key(mtls::material::Input::bytes(fixture("ed25519_pbes1.pem")));
        let error = error.unwrap_err();
        assert!(
            matches!(error.problem(), MaterialProblem::WrongPassphrase { .. }),
            "{error}"
        );
    }
}

#[cfg(not(feature = "legacy-keys"))]
#[test]
fn withdrawn_schemes_name_their_feature() {
    says(
        mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_key(path("ed25519_pbes1.pem")),
        &[
            "ed25519_pbes1.pem",
            "pbeWithSHAAnd3-KeyTripleDES-CBC (1.2.840.113549.1.12.1.3)",
            "cargo feature `legacy-keys`",
            "openssl pkcs8 -topk8 -v2 aes-256-cbc",
        ],
    );
}

#[test]
fn other_encryption_is_rejected_by_name() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("key.pem");
    let legacy = "-provider legacy -provider default -passout";
    for (line, algorithm) in [
        ("rsa -traditional -des", "DES-CBC"),
        ("rsa -traditional -rc2", "RC2-CBC"),
        ("rsa -traditional -camellia256", "CAMELLIA-256-CBC"),
        (
            "pkcs8 -topk8 -v1 PBE-MD5-DES",
            "PBES1 pbeWithMD5AndDES-CBC (1.2.840.113549.1.5.3)",
        ),
        (
            "pkcs8 -topk8 -v1 PBE-SHA1-DES",
            "PBES1 pbeWithSHA1AndDES-CBC (1.2.840.113549.1.5.10)",
        ),
        (
            "pkcs8 -topk8 -v1 PBE-SHA1-RC4-128",
            "pbeWithSHAAnd128BitRC4 (1.2.840.113549.1.12.1.1)",
        ),
        (
            "pkcs8 -topk8 -v1 PBE-SHA1-RC2-40",
            "pbeWithSHAAnd40BitRC2-CBC (1.2.840.113549.1.12.1.6)",
        ),
        ("pkcs8 -topk8 -v2 des", "DES-CBC (1.3.14.3.2.7)"),
        ("pkcs8 -topk8 -v2 rc2", "RC2-CBC (1.2.840.113549.3.2)"),
        (
            "pkcs8 -topk8 -v2 camellia-128-cbc",
            "Camellia-128-CBC (1.2.392.200011.61.1.1.1.2)",
        ),
    ] {
        let mut command = openssl.command();
        command.args(line.split_whitespace());
        command.args(legacy.split_whitespace()).arg("pass:x");
        command.arg("-in").arg(path("rsa_pkcs8.pem"));
        command.arg("-out").arg(&out);
        run(&mut command, &[], Duration::from_secs(10)).expect_success();
        let error = mtls::Loader::new()
            .passphrase(Passphrase::new("x"))
            .load_key(&out)
            .unwrap_err();
        assert!(
            matches!(
                error.problem(),
                MaterialProblem::EncryptionUnsupported { .. }
            ),
            "{line}: {error}"
        );
        error_says(
            &error,
            &[
                "key.pem",
                algorithm,
                "hint: `openssl pkcs8 ",
                "hint: -topk8 -v2 aes-256-cbc",
            ],
        );
    }
}

#[cfg(feature = "legacy-keys")]
#[test]
fn costly_withdrawn_schemes_are_rejected_before_they_begin() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("key.pem");
    let mut command = openssl.command();
    let line = "pkcs8 -topk8 -v1 PBE-SHA1-3DES -iter 3333334 -passout pass:x";
    command.args(line.split_whitespace());
    command.arg("-in").arg(path("ed25519.pem"));
    command.arg("-out").arg(&out);
    run(&mut command, &[], Duration::from_secs(60)).expect_success();
    let begin = std::time::Instant::now();
    says(
        mtls::Loader::new()
            .passphrase(Passphrase::new("x"))
            .load_key(&out),
        &["10000002 rounds", "the limit of 10000000"],
    );
    assert!(begin.elapsed().as_secs() < 5);
}

#[test]
fn costly_derivation_is_rejected_before_it_begins() {
    let begin = std::time::Instant::now();
    says(
        mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_key(path("ed25519_costly.pem")),
        &["10000001 rounds of PBKDF2", "the limit of 10000000"],
    );
    assert!(begin.elapsed().as_secs() < 5);
}

#[test]
fn damaged_headers_are_rejected() {
    let text = fixture_text("rsa_legacy_aes256.pem");
    let info = text.lines().find(|l| l.starts_with("DEK-Info")).unwrap();
    for changed in [
        "DEK-Info: AES-256-CBC",
        "DEK-Info: AES-256-CBC,00",
        // The initialization vector of the other cipher's length.
        "DEK-Info: AES-256-CBC,0011223344556677",
        "DEK-Info: DES-EDE3-CBC,00112233445566778899aabbccddeeff",
        "DEK-Info: DES-EDE3-CBC,00",
        "X: Y",
    ] {
        says(
            mtls::Loader::new()
                .passphrase(passphrase().clone())
                .load_key(mtls::material::Input::bytes(
                    text.replace(info, changed).as_bytes(),
                )),
            &["not a private key"],
        );
    }
}

#[test]
fn the_passphrase_is_not_shown() {
    assert_eq!(format!("{:?}", passphrase()), "Passphrase(..)");
}

/// What opens and is no key of ours is not the passphrase's fault.
#[test]
fn another_kind_of_key_is_named_when_it_was_opened() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    for (name, found) in [("secp256k1.pem", "ECDSA secp256k1"), ("dsa.pem", "DSA")] {
        let mut command = openssl.command();
        command.args(["pkcs8", "-topk8", "-passout", "pass:correct horse", "-in"]);
        let pem = output(command.arg(path(name)));
        says(
            mtls::Loader::new()
                .passphrase(passphrase().clone())
                .load_key(mtls::material::Input::bytes(&pem)),
            &["section 0", found, "hint: openssl genpkey"],
        );
    }
}

/// `EncryptedPrivateKeyInfo` of any bytes, as no tool makes it of what is no key.
pub(crate) fn sealed(plain: &[u8]) -> Vec<u8> {
    use der::Encode;

    let parameters = pkcs5::pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc;
    let scheme = pkcs5::EncryptionScheme::from(parameters(1, b"saltsalt", [7; 16]).unwrap());
    let sealed = scheme.encrypt("correct horse", plain).unwrap();
    let key = ::pkcs8::EncryptedPrivateKeyInfoRef {
        encryption_algorithm: scheme,
        encrypted_data: der::asn1::OctetStringRef::new(&sealed).unwrap(),
    };
    key.to_der().unwrap()
}

#[test]
fn what_is_no_key_when_it_was_opened() {
    let seal = |plain: &[u8]| {
        mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_key(mtls::material::Input::bytes(sealed(plain)))
            .unwrap_err()
    };
    let plain = PrivateKey::from_pem(&fixture("ed25519.pem")).unwrap();
    let mut plain = plain.pkcs8_der().secret_pkcs8_der().to_vec();
    // A whole SEQUENCE, the algorithm's identifier damaged.
    plain[7] = 0x0c;
    let error = seal(&plain);
    assert!(
        matches!(error.problem(), MaterialProblem::KeyMalformed),
        "{error}"
    );
    for broken in [
        &plain[1..],
        &plain[..20],
        &[&*plain, &[0]].concat(),
        &[],
        b"text",
    ] {
        let error = seal(broken);
        assert!(
            matches!(error.problem(), MaterialProblem::WrongPassphrase { .. }),
            "{error}"
        );
    }
}

#[test]
fn a_key_under_the_label_of_another_opens_by_its_content() {
    let plain = PrivateKey::from_pem(&fixture("ed25519.pem")).unwrap();
    let text = fixture_text("ed25519_pbes2_aes-256-cbc.pem");
    for label in ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"] {
        let text = text.replace("ENCRYPTED PRIVATE KEY", label);
        let key = mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_key(mtls::material::Input::bytes(text.as_bytes()))
            .unwrap();
        assert_eq!(key.pkcs8_der(), plain.pkcs8_der());
        let key = mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_key(mtls::material::Input::bytes(text.as_bytes()))
            .unwrap();
        assert_eq!(key.pkcs8_der(), plain.pkcs8_der());
        let error = PrivateKey::from_pem(text.as_bytes()).unwrap_err();
        assert!(matches!(error.problem(), MaterialProblem::EncryptedKey));
        let wrong = mtls::Loader::new()
            .passphrase(Passphrase::new("x"))
            .load_key(mtls::material::Input::bytes(text.as_bytes()));
        says(wrong, &["section 0", "does not open the key or container"]);
    }
}
