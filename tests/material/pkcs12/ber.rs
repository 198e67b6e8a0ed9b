//! Containers in BER: indefinite lengths, lengths in too many octets, OCTET STRINGs in pieces.

use mtls::error::MaterialProblem;

use super::forge::{self, Outside, content, octets, oid, safe, sequence, tlv};
use super::rejected::{is_unexpected, load, ours};
use super::workshop::Workshop;
use super::{PASSPHRASE, passphrase};
use crate::common::programs::Program;
use crate::fixture;

/// A value of indefinite length.
fn indefinite(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, 0x80], content, &[0, 0]].concat()
}

/// A value whose length has leading zeros.
fn long_length(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x85, 0], &length[..], content].concat()
}

/// The same octets in pieces, each in pieces again.
fn in_pieces(tag: u8, octet_string: &[u8]) -> Vec<u8> {
    let mut pieces: Vec<u8> = octet_string.chunks(100).flat_map(octets).collect();
    pieces.extend(indefinite(0x24, &octets(b"")));
    let (first, rest) = pieces.split_at(octets(&[0; 100]).len());
    indefinite(tag, &[&tlv(0x24, first), rest].concat())
}

fn unwrapped(der: &[u8]) -> &[u8] {
    &der[4..]
}

#[track_caller]
fn loads(ber: &[u8], what: &str) {
    for identity in [
        mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_identity(mtls::material::Input::bytes(ber)),
        mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_identity(mtls::material::Input::bytes(ber)),
    ] {
        let identity = identity.unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!(identity.chain().leaf().as_ref(), fixture("rsa.crt.der"));
    }
}

#[test]
fn ber_is_read_wherever_it_stands() {
    let outside = Outside::default();
    let der = outside.around(&[safe(&ours())]);
    loads(&indefinite(0x30, unwrapped(&der)), "the whole");
    loads(&long_length(0x30, unwrapped(&der)), "a long length");

    let inside = tlv(0x30, &safe(&ours()));
    for (what, octet_string) in [
        ("pieces", in_pieces(0x24, &inside)),
        ("a piece", tlv(0x24, &octets(&inside))),
        ("a long length", long_length(0x04, &inside)),
    ] {
        loads(&outside.around_content(&inside, &octet_string), what);
    }
    let bags = ours().concat();
    for (what, safes) in [
        ("the safes", indefinite(0x30, &safe(&ours()))),
        ("the bags", {
            let bags = indefinite(0x30, &bags);
            tlv(0x30, &content(forge::DATA, &octets(&bags)))
        }),
        ("the bags in pieces", {
            let bags = in_pieces(0x24, &tlv(0x30, &bags));
            indefinite(0x30, &content(forge::DATA, &bags))
        }),
    ] {
        loads(
            &outside.around_content(&safes, &in_pieces(0x24, &safes)),
            what,
        );
    }
}

#[test]
fn the_mac_is_over_the_octets_as_they_came() {
    let outside = Outside::default();
    let safes = indefinite(0x30, &safe(&ours()));
    loads(&outside.around_content(&safes, &octets(&safes)), "BER");
    // The same values in DER are other octets.
    let rewritten = tlv(0x30, &safe(&ours()));
    let error = load(&outside.around_content(&safes, &octets(&rewritten)));
    assert!(
        matches!(error.problem(), MaterialProblem::WrongPassphrase { .. }),
        "{error}"
    );
}

#[test]
fn what_is_no_ber_is_rejected() {
    let outside = Outside::default();
    let der = outside.around(&[safe(&ours())]);
    let ber = indefinite(0x30, unwrapped(&der));
    let cut = &ber[..ber.len() - 2];
    is_unexpected(&load(cut), "BER that is cut off or damaged");
    is_unexpected(
        &load(&[&ber[..], b"\n"].concat()),
        "BER that is cut off or damaged",
    );
    // A piece of an OCTET STRING is one.
    let inside = tlv(0x30, &safe(&ours()));
    let pieces = [octets(&inside), tlv(0x02, &[1])].concat();
    let error = load(&outside.around_content(&inside, &tlv(0x24, &pieces)));
    assert!(matches!(error.problem(), MaterialProblem::Pkcs12Malformed));
    // Encrypted content in pieces that are something else.
    let pieces = indefinite(0xa0, &tlv(0x02, &[1]));
    let info = sequence(&[&oid(forge::DATA), &forge::pbes2(1), &pieces]);
    let info = sequence(&[&forge::integer(0), &info]);
    let error = load(&outside.around(&[content(forge::ENCRYPTED_DATA, &info)]));
    assert!(matches!(error.problem(), MaterialProblem::Pkcs12Malformed));
}

#[test]
fn values_in_values_are_limited() {
    let mut bags = ours().concat();
    for _ in 0..70 {
        bags = indefinite(0x30, &bags);
    }
    let safes = tlv(0x30, &content(forge::DATA, &octets(&bags)));
    let error = load(&Outside::default().around_content(&safes, &octets(&safes)));
    let limit = "more than 64 levels of values in BER";
    assert!(error.to_string().contains(limit), "{error}");
}

#[test]
fn files_of_nss_and_bouncy_castle_are_read() {
    // Of NSS once, since it costs two million rounds.
    let ber = fixture("nss.p12");
    let identity = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_identity(mtls::material::Input::bytes(&ber))
        .unwrap();
    assert_eq!(identity.chain().leaf().as_ref(), fixture("rsa.crt.der"));
    let ber = fixture("bouncy_castle.p12");
    assert!(ber.starts_with(&[0x30, 0x80]));
    loads(&ber, "bouncy_castle.p12");
    let error = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_anchors(mtls::material::Input::bytes(&ber))
        .unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::IdentityInsteadOfAnchors),
        "{error}"
    );
}

#[test]
fn what_pk12util_makes_is_read() {
    let (Some(openssl), Some(pk12util)) = (Program::openssl(), Program::pk12util()) else {
        return;
    };
    let workshop = Workshop::new();
    std::fs::create_dir(workshop.path("nss")).unwrap();
    let words = |text: &'static str| ["-d", "sql:nss", "-K", "", "-W", text];
    // Each costs more than a million rounds.
    for (leaf, options, passphrase) in [
        ("rsa", "", PASSPHRASE),
        ("p256", "", ""),
        (
            "p256",
            "-c AES-128-CBC -C AES-256-CBC -M SHA-512",
            PASSPHRASE,
        ),
    ] {
        workshop.export(&openssl, leaf, &format!("-name {leaf}"));
        workshop.run(&pk12util, "-i made.p12", &words(PASSPHRASE));
        let line = format!("-o nss.p12 -n {leaf} {options}");
        workshop.run(&pk12util, &line, &words(passphrase));
        let ber = workshop.read("nss.p12");
        let passphrase = mtls::Passphrase::new(passphrase);
        let identity = mtls::Loader::new()
            .passphrase(passphrase.clone())
            .load_identity(mtls::material::Input::bytes(&ber))
            .unwrap_or_else(|e| panic!("{leaf} {options}: {e}"));
        assert_eq!(identity.chain().as_slice(), workshop.chain(leaf));
    }
}

#[test]
fn what_bouncy_castle_makes_is_read() {
    let (Some(openssl), Some(keytool)) = (Program::openssl(), Program::keytool()) else {
        return;
    };
    let Some(jar) = Program::bouncy_castle() else {
        return;
    };
    let workshop = Workshop::new();
    let provider = format!(
        "-providerclass org.bouncycastle.jce.provider.BouncyCastleProvider -providerpath {jar}"
    );
    for kind in ["PKCS12", "PKCS12-DEF", "PKCS12-3DES-3DES"] {
        for leaf in ["rsa", "p256"] {
            workshop.export(&openssl, leaf, &format!("-name {leaf}"));
            let line = format!(
                "-importkeystore -srckeystore made.p12 -destkeystore {leaf}-{kind}.p12 \
                 -destprovidername BC -deststoretype {kind} {provider}"
            );
            let words = ["-srcstorepass", PASSPHRASE, "-deststorepass", PASSPHRASE];
            workshop.run(&keytool, &line, &words);
            let ber = workshop.read(&format!("{leaf}-{kind}.p12"));
            assert!(ber.starts_with(&[0x30, 0x80]) || kind.contains("DEF"));
            let identity = mtls::Loader::new()
                .passphrase(passphrase().clone())
                .load_identity(mtls::material::Input::bytes(&ber))
                .unwrap_or_else(|e| panic!("{leaf} {kind}: {e}"));
            assert_eq!(identity.chain().as_slice(), workshop.chain(leaf));
        }
        let line = format!(
            "-importcert -noprompt -alias root -file root.crt -keystore trust-{kind}.p12 \
             -providername BC -storetype {kind} {provider}"
        );
        workshop.run(&keytool, &line, &["-storepass", PASSPHRASE]);
        let ber = workshop.read(&format!("trust-{kind}.p12"));
        let anchors = mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_anchors(mtls::material::Input::bytes(&ber))
            .unwrap();
        assert_eq!(anchors.as_slice(), [workshop.certificate("root")]);
    }
}
