//! What is no container: other things altogether.

use mtls::error::MaterialProblem;
use mtls::{Passphrase, PrivateKey};

use super::forge::{self, container, content, oid, sequence, tlv};
use super::passphrase;
use super::rejected::{is_malformed, is_unexpected, load, load_both};
use crate::{fixture, path};

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
    let (anchors, identity) = load_both(key.pkcs8_der().secret_pkcs8_der());
    let is_key = matches!(anchors.problem(), MaterialProblem::KeyInsteadOfCertificate);
    assert!(is_key, "{anchors}");
    is_unexpected(&identity, "a private key");
    let certificate = mtls::material::Input::bytes(&*fixture("rsa.crt.der"));
    let error = mtls::Loader::new().load_identity(certificate).unwrap_err();
    is_unexpected(&error, "a certificate");
    is_unexpected(
        &load(b"no container"),
        "neither PEM nor DER of a known kind",
    );
    assert!(matches!(load(b"").problem(), MaterialProblem::Empty));
    let none = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_anchors(path("none.p12"))
        .unwrap_err();
    assert!(matches!(none.problem(), MaterialProblem::Io { .. }));
    let damaged = mtls::Loader::new()
        .passphrase(Passphrase::new("x"))
        .load_identity(path("rsa.p12"));
    let damaged = damaged.unwrap_err();
    assert!(matches!(
        damaged.problem(),
        MaterialProblem::WrongPassphrase { .. }
    ));
    assert!(
        damaged
            .to_string()
            .contains("rsa.p12: the passphrase from the given value does not open")
    );
}
