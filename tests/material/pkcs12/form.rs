//! What is no container in DER: other encodings, and other things altogether.

use mtls::{MaterialProblem, MtlsIdentity, Passphrase, PrivateKey, TrustAnchors};

use super::forge::{self, container, content, explicit, octets, oid, safe, sequence, tlv};
use super::passphrase;
use super::refused::{EXPORT_ANEW, is_malformed, is_unexpected, load, ours};
use crate::{fixture, path};

#[test]
fn ber_is_refused_by_name() {
    let der = container(&[safe(&ours())]);
    // The outermost SEQUENCE with an indefinite length.
    let indefinite = |tag: u8, content: &[u8]| [&[tag, 0x80], content, &[0, 0]].concat();
    let outer = indefinite(0x30, &der[4..]);
    // And further in: the OCTET STRING with the safes in pieces, as streams are written.
    let pieces = |constructed: Vec<u8>| {
        let info = sequence(&[&oid(forge::DATA), &explicit(&constructed)]);
        sequence(&[&forge::integer(3), &info])
    };
    let inner = pieces(indefinite(0x24, &octets(b"abc")));
    let definite = pieces(tlv(0x24, &octets(b"abc")));
    let safe = tlv(0x30, &[]);
    let safe = content(forge::DATA, &octets(&indefinite(0x30, &safe)));
    let streamed = indefinite(0xa0, &octets(&[7; 16]));
    let streamed = sequence(&[&oid(forge::DATA), &forge::pbes2(1), &streamed]);
    let streamed = sequence(&[&forge::integer(0), &streamed]);
    let streamed = content(forge::ENCRYPTED_DATA, &streamed);
    let in_pieces = explicit(&octets(&[7; 16]));
    let in_pieces = sequence(&[&oid(forge::DATA), &forge::pbes2(1), &in_pieces]);
    let in_pieces = sequence(&[&forge::integer(0), &in_pieces]);
    let in_pieces = content(forge::ENCRYPTED_DATA, &in_pieces);
    let inside = [safe, streamed, in_pieces].map(|safe| container(&[safe]));
    for ber in [outer, inner, definite].into_iter().chain(inside) {
        let error = load(&ber);
        assert!(matches!(error.problem(), MaterialProblem::Ber), "{error}");
        for part in ["BER", EXPORT_ANEW] {
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}

#[test]
fn an_encrypted_safe_is_of_version_0_and_of_data() {
    let safe = |version, kind| {
        let info = sequence(&[&oid(kind), &forge::pbes2(1), &tlv(0x80, &[7; 16])]);
        let info = sequence(&[&forge::integer(version), &info]);
        container(&[content(forge::ENCRYPTED_DATA, &info)])
    };
    for (version, kind) in [(1, forge::DATA), (0, forge::ENCRYPTED_DATA)] {
        is_malformed(&safe(version, kind));
    }
    // With both right it comes to the passphrase, which what is in it was not encrypted with.
    let error = load(&safe(0, forge::DATA));
    assert!(
        matches!(error.problem(), MaterialProblem::Pkcs12Unsupported { .. }),
        "{error}"
    );
}

#[test]
fn other_inputs_are_named() {
    let key = PrivateKey::from_pem(&fixture("rsa_pkcs8.pem")).unwrap();
    for (input, found) in [
        (&*fixture("rsa.crt.der"), "a certificate"),
        (key.pkcs8_der().secret_pkcs8_der(), "a private key"),
    ] {
        is_unexpected(&load(input), found);
    }
    is_malformed(b"no container");
    assert!(matches!(load(b"").problem(), MaterialProblem::Empty));
    assert!(matches!(
        load(&fixture("rsa.crt")).problem(),
        MaterialProblem::PemInsteadOfDer
    ));
    let none = TrustAnchors::from_pkcs12_file(path("none.p12"), &passphrase()).unwrap_err();
    assert!(matches!(none.problem(), MaterialProblem::Io { .. }));
    let damaged = MtlsIdentity::from_pkcs12_file(path("rsa.p12"), &Passphrase::new("x"));
    let damaged = damaged.unwrap_err();
    assert!(matches!(
        damaged.problem(),
        MaterialProblem::WrongPassphrase { .. }
    ));
    assert!(
        damaged
            .to_string()
            .contains("rsa.p12: the passphrase does not open")
    );
}
