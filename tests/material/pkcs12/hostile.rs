//! Containers that were made to do harm: to cost too much, to make the reader fail, to slip in another key.

use std::time::{Duration, Instant};

use mtls::PrivateKey;
use mtls::error::MaterialProblem;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyIdMethod,
    KeyPair,
};

use super::forge::{
    self, About, Outside, container, encrypted_safe, integer, octets, pbe, pbes2, safe, sequence,
};
use super::workshop::Workshop;
use super::{passphrase, workshop};
use crate::common::programs::Program;
use crate::error_says;

/// In a build without optimization, the most that an input may take which is rejected for its cost.
const SOON: Duration = Duration::from_secs(5);
const TRIPLE_DES: &str = "1.2.840.113549.1.12.1.3";
const LIMIT: i128 = PrivateKey::MAX_KDF_ITERATIONS as i128;

#[track_caller]
fn is_too_costly(der: &[u8], parts: &[&str]) {
    let begin = Instant::now();
    let error = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_identity(mtls::material::Input::bytes(der))
        .unwrap_err();
    assert!(begin.elapsed() < SOON, "{:?}: {error}", begin.elapsed());
    assert!(
        matches!(error.problem(), MaterialProblem::TooCostly { .. }),
        "{error}"
    );
    error_says(&error, parts);
}

fn shrouded(algorithm: &[u8]) -> Vec<u8> {
    let key = sequence(&[algorithm, &octets(&[7; 64])]);
    forge::bag(forge::SHROUDED_KEY, &key, About::default())
}

fn with_mac_rounds(rounds: Vec<u8>) -> Vec<u8> {
    let outside = Outside {
        mac_rounds: rounds,
        ..Outside::default()
    };
    outside.around(&[safe(&[])])
}

#[test]
fn costly_rounds_are_rejected_before_they_begin() {
    for rounds in [LIMIT + 1, 0x7fff_ffff, 0xffff_ffff, i128::from(u64::MAX)] {
        let said = format!("{rounds} rounds of PKCS#12 key derivation");
        is_too_costly(
            &with_mac_rounds(integer(rounds)),
            &[&said, "the limit of 10000000"],
        );
    }
    for rounds in [LIMIT, 4_294_967_295] {
        // Two runs for the key and one for the initialization vector; and one round went for the MAC.
        let said = format!("{} rounds of PKCS#12 key derivation, after 1", rounds * 3);
        let algorithm = pbe(TRIPLE_DES, rounds);
        is_too_costly(
            &container(&[encrypted_safe(&algorithm, &[7; 64])]),
            &[&said],
        );
        is_too_costly(&container(&[safe(&[shrouded(&algorithm)])]), &[&said]);
        let said = format!("{rounds} rounds of PBKDF2, after 1");
        let algorithm = pbes2(rounds);
        is_too_costly(
            &container(&[encrypted_safe(&algorithm, &[7; 64])]),
            &[&said],
        );
        is_too_costly(&container(&[safe(&[shrouded(&algorithm)])]), &[&said]);
    }
}

#[test]
fn rounds_that_cannot_be_are_rejected() {
    for rounds in [0, -1, i128::from(i64::MIN), i128::from(u64::MAX) + 1] {
        for der in [
            with_mac_rounds(integer(rounds)),
            container(&[encrypted_safe(&pbe(TRIPLE_DES, rounds), &[7; 64])]),
            container(&[safe(&[shrouded(&pbe(TRIPLE_DES, rounds))])]),
            container(&[encrypted_safe(&pbes2(rounds), &[7; 64])]),
            container(&[safe(&[shrouded(&pbes2(rounds))])]),
        ] {
            let error = mtls::Loader::new()
                .passphrase(passphrase().clone())
                .load_identity(mtls::material::Input::bytes(&der))
                .unwrap_err();
            assert!(
                matches!(
                    error.problem(),
                    MaterialProblem::Pkcs12Malformed
                        | MaterialProblem::EncryptionUnsupported { .. }
                ),
                "{rounds}: {error}"
            );
        }
    }
}

#[test]
fn many_parts_share_one_budget() {
    // Each is below the limit. Safes come before keys, so the limit is met there.
    let key = shrouded(&pbes2(LIMIT - 1));
    let costly = encrypted_safe(&pbes2(LIMIT), &[7; 64]);
    is_too_costly(
        &container(&[safe(&vec![key; 60]), costly]),
        &["10000000 rounds of PBKDF2, after 1 for other parts"],
    );
    // The keys are opened one after the other, and what the first costs is taken before the second.
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let workshop = Workshop::new();
    let line = "pkcs8 -topk8 -outform DER -v2 aes-256-cbc -iter 20000 -passout";
    let pass = ["pass:correct horse"];
    let mut bags = Vec::new();
    for (name, _) in workshop::KEYS {
        let files = format!("{line} {} -in {name}.key -out {name}.p8", pass[0]);
        // The passphrase has a space, so it is no word of the line.
        let files = files.replace(pass[0], "file:passphrase");
        workshop.write("passphrase", super::PASSPHRASE);
        workshop.run(&openssl, &files, &[]);
        let encrypted = workshop.read(&format!("{name}.p8"));
        bags.push(forge::bag(
            forge::SHROUDED_KEY,
            &encrypted,
            About::default(),
        ));
    }
    bags.push(shrouded(&pbes2(LIMIT - 60_000)));
    is_too_costly(
        &container(&[safe(&bags)]),
        &["9940000 rounds of PBKDF2, after 80001 for other parts"],
    );
}

#[test]
fn the_cost_of_real_containers_is_limited() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let workshop = Workshop::new();
    for options in [
        "-iter 10000001 -nomaciter -keypbe NONE",
        "-iter 5000001 -legacy -nomaciter -keypbe NONE",
    ] {
        is_too_costly(
            &workshop.export(&openssl, "ed25519", options),
            &["the limit of 10000000"],
        );
    }
}

#[test]
fn a_short_initialization_vector_is_rejected() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let workshop = Workshop::new();
    // pkcs5 panics for one of 3DES.
    for iv in [&[][..], &[7; 7], &[7; 9]] {
        let kdf = sequence(&[&octets(b"saltsalt"), &integer(1)]);
        let kdf = sequence(&[&forge::oid("1.2.840.113549.1.5.12"), &kdf]);
        let cipher = sequence(&[&forge::oid("1.2.840.113549.3.7"), &octets(iv)]);
        let algorithm = sequence(&[&forge::oid(forge::PBES2), &sequence(&[&kdf, &cipher])]);
        let safe = encrypted_safe(&algorithm, &[7; 64]);
        let error = mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_identity(mtls::material::Input::bytes(container(&[safe])))
            .unwrap_err();
        assert!(
            matches!(error.problem(), MaterialProblem::Pkcs12Malformed),
            "{error}"
        );
        let key = sequence(&[&algorithm, &octets(&[7; 64])]);
        std::fs::write(workshop.path("key.der"), key).unwrap();
        let key = workshop.run(&openssl, "base64 -in key.der", &[]);
        let label = "ENCRYPTED PRIVATE KEY-----";
        let key = format!("-----BEGIN {label}\n{key}-----END {label}\n");
        let error = mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_key(mtls::material::Input::bytes(key.as_bytes()))
            .unwrap_err();
        assert!(
            matches!(error.problem(), MaterialProblem::KeyMalformed),
            "{error}"
        );
    }
}

/// A name of its own, and a key that is named so.
fn named(name: &str, key_identifier: Vec<u8>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_identifier_method = KeyIdMethod::PreSpecified(key_identifier);
    params
}

/// Everything that a certificate says about its issuer used to be read for each CA of the issuer's name.
#[test]
fn a_long_word_about_the_issuer_is_not_read_for_each_candidate() {
    const CANDIDATES: u32 = 2000;
    let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let ca_key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let root = Issuer::new(named("root", Vec::new()), &ca_key);
    let cas: Vec<_> = (1..=CANDIDATES)
        .map(|n| {
            let mut ca = named("ca", n.to_be_bytes().to_vec());
            ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            ca.signed_by(&ca_key, &root).unwrap().der().to_vec()
        })
        .collect();
    // The key identifier of the last, and thousands of names of its issuer (RFC 5280, section 4.2.1.1).
    let authority = sequence(&[
        &forge::tlv(0x80, &CANDIDATES.to_be_bytes()),
        &forge::tlv(0xa1, &[0x88, 1, 0x2a].repeat(20_000)),
        &forge::tlv(0x82, &[1]),
    ]);
    let mut leaf = named("leaf", Vec::new());
    let oid = &[2, 5, 29, 35];
    leaf.custom_extensions = vec![CustomExtension::from_oid_content(oid, authority)];
    let ca = named("ca", CANDIDATES.to_be_bytes().to_vec());
    let leaf = leaf.signed_by(&key, &Issuer::new(ca, &ca_key)).unwrap();
    let leaf = leaf.der().to_vec();
    let mut bags = vec![forge::bag(
        forge::KEY,
        key.serialized_der(),
        About::default(),
    )];
    let certificates = [&leaf].into_iter().chain(&cas);
    bags.extend(certificates.map(|der| forge::certificate(forge::X509, der, About::default())));
    let der = container(&[safe(&bags)]);
    assert!(der.len() < PrivateKey::MAX_INPUT_BYTES, "{}", der.len());
    let begin = Instant::now();
    let identity = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_identity(mtls::material::Input::bytes(&der))
        .unwrap();
    assert!(begin.elapsed() < SOON, "{:?}", begin.elapsed());
    let chain: Vec<_> = identity.chain().as_slice().iter().collect();
    assert_eq!(chain.len(), 2);
    assert_eq!(**chain[0], *leaf);
    assert_eq!(**chain[1], *cas[cas.len() - 1]);
}

/// Small, with a MAC and encryption that cost next to nothing.
fn small(openssl: &Program, workshop: &Workshop) -> Vec<u8> {
    let line = "pkcs12 -export -in ed25519.crt -inkey ed25519.key -noiter -nomaciter -out made.p12 -passout";
    workshop.run(openssl, line, &["pass:correct horse"]);
    workshop.read("made.p12")
}

#[test]
fn truncated_containers_are_errors() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let workshop = Workshop::new();
    let der = small(&openssl, &workshop);
    mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_identity(mtls::material::Input::bytes(&der))
        .unwrap();
    for length in 0..der.len() {
        let cut = &der[..length];
        assert!(
            mtls::Loader::new()
                .passphrase(passphrase().clone())
                .load_identity(mtls::material::Input::bytes(cut))
                .is_err()
        );
        assert!(
            mtls::Loader::new()
                .passphrase(passphrase().clone())
                .load_anchors(mtls::material::Input::bytes(cut))
                .is_err()
        );
    }
    let longer = [&der[..], &[0]].concat();
    assert!(
        mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_identity(mtls::material::Input::bytes(&longer))
            .is_err()
    );
}

#[test]
fn changes_under_a_right_mac_are_survived() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let workshop = Workshop::new();
    let key = PrivateKey::from_pem(&workshop.read("ed25519.key")).unwrap();
    let line = "pkcs8 -topk8 -outform DER -v2 aes-256-cbc -noiter -passout file:passphrase";
    workshop.write("passphrase", super::PASSPHRASE);
    workshop.run(
        &openssl,
        &format!("{line} -in ed25519.key -out key.p8"),
        &[],
    );
    let about = forge::named("name");
    let right = safe(&[
        forge::bag(forge::SHROUDED_KEY, &workshop.read("key.p8"), about),
        forge::certificate(forge::X509, &workshop.certificate("ed25519"), about),
    ]);
    let outcome = |safe: Vec<u8>| {
        mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_identity(mtls::material::Input::bytes(container(&[safe])))
    };
    outcome(right.clone()).unwrap();
    for at in 0..right.len() {
        for change in [0x01, 0x20, 0x80, 0xff] {
            let mut changed = right.clone();
            changed[at] ^= change;
            // Who knows the passphrase may write another certificate, but never one of another key.
            if let Ok(identity) = outcome(changed) {
                assert_eq!(identity.private_key().unwrap().pkcs8_der(), key.pkcs8_der());
            }
        }
        assert!(outcome(right[..at].to_vec()).is_err());
    }
}

#[test]
fn no_changed_byte_gives_another_identity() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let workshop = Workshop::new();
    let der = small(&openssl, &workshop);
    let right = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_identity(mtls::material::Input::bytes(&der))
        .unwrap();
    let mut rejected = 0_usize;
    let mut tried = 0_usize;
    for at in 0..der.len() {
        for change in [0x01, 0x20, 0x80, 0xff] {
            let mut changed = der.clone();
            changed[at] ^= change;
            tried += 1;
            match mtls::Loader::new()
                .passphrase(passphrase().clone())
                .load_identity(mtls::material::Input::bytes(&changed))
            {
                Ok(identity) => {
                    assert_eq!(identity.chain(), right.chain());
                    let keys = [&identity, &right].map(|i| i.private_key().unwrap().pkcs8_der());
                    assert_eq!(keys[0], keys[1], "byte {at} changed by {change:#x}");
                }
                Err(_) => rejected += 1,
            }
        }
    }
    // What is not under the MAC and changes nothing is next to nothing.
    assert!(rejected + 8 >= tried, "{rejected} of {tried} were rejected");
}
