use mtls::TrustAnchors;
use mtls::error::MaterialProblem;
use pki_types::CertificateDer;

use crate::{fixture, fixture_text, path, says};

#[test]
fn anchors_keep_their_bytes() {
    let anchors = TrustAnchors::from_file(path("rsa.crt")).unwrap();
    let der = CertificateDer::from(fixture("rsa.crt.der"));
    assert_eq!(anchors.as_slice(), std::slice::from_ref(&der));
    assert_eq!(anchors, TrustAnchors::from_der([der]).unwrap());
    assert_eq!(format!("{anchors:?}"), r#"["CN=rsa.test"]"#);
}

#[test]
fn one_bad_section_fails_the_load_with_its_place() {
    let good = fixture_text("rsa.crt");
    let bad = format!(
        "{good}# the next one\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n{good}"
    );
    let error = TrustAnchors::from_pem(bad.as_bytes()).unwrap_err();
    assert!(matches!(
        error.problem(),
        MaterialProblem::Certificate { .. }
    ));
    assert!(std::error::Error::source(&error).is_some());
    let place = error.place().unwrap();
    assert_eq!((place.index, place.offset), (1, Some(good.len() + 15)));
    says::<()>(
        Err(error),
        &["given bytes: section 1 (CERTIFICATE, at byte "],
    );
}

#[test]
fn no_anchor_is_an_error() {
    says(TrustAnchors::from_der([]), &["no certificate"]);
    says(TrustAnchors::from_pem(b""), &["the input is empty"]);
}

#[test]
fn a_bad_der_is_named_by_its_index() {
    let good = CertificateDer::from(fixture("rsa.crt.der"));
    let bad = CertificateDer::from(vec![1, 2, 3]);
    says(
        TrustAnchors::from_der([good.clone(), bad]),
        &["certificate 1: ", "not an X.509 certificate"],
    );
    let pem = CertificateDer::from(fixture("rsa.crt"));
    says(
        TrustAnchors::from_der([good, pem]),
        &["certificate 1: this is PEM, not DER"],
    );
}

#[test]
fn limits_hold() {
    let der = CertificateDer::from(fixture("rsa.crt.der"));
    says(
        TrustAnchors::from_der(std::iter::repeat(der)),
        &["more than 1", "in it"],
    );
    let long = vec![b'\n'; TrustAnchors::MAX_INPUT_BYTES + 1];
    says(TrustAnchors::from_pem(&long), &["more than 16777216 bytes"]);
}

#[test]
fn files_are_named() {
    says(
        TrustAnchors::from_file("no/such.pem"),
        &["no/such.pem: ", "there is no such file"],
    );
    says(TrustAnchors::from_file(path("")), &["not a regular file"]);
    #[cfg(unix)]
    says(
        TrustAnchors::from_file("/dev/null"),
        &["/dev/null: this is a FIFO, a socket or a device, not a regular file"],
    );
    let error = TrustAnchors::from_file("no/such.pem").unwrap_err();
    let cause = std::error::Error::source(&error).unwrap();
    assert!(cause.downcast_ref::<std::io::Error>().is_some());

    let file = tempfile::NamedTempFile::new().unwrap();
    says(
        TrustAnchors::from_file(file.path()),
        &["the input is empty"],
    );
    file.as_file()
        .set_len(TrustAnchors::MAX_INPUT_BYTES as u64 + 1)
        .unwrap();
    says(
        TrustAnchors::from_file(file.path()),
        &["more than 16777216 bytes"],
    );
}

#[test]
fn anchors_of_several_inputs_are_joined() {
    let one = TrustAnchors::from_file(path("rsa.crt")).unwrap();
    let two = TrustAnchors::from_file(path("v1.crt")).unwrap();
    let together = TrustAnchors::join([one.clone(), two.clone(), one.clone()]).unwrap();
    let expected = [one.as_slice(), two.as_slice(), one.as_slice()].concat();
    assert_eq!(together.as_slice(), expected);
    says(TrustAnchors::join([]), &["no certificate"]);
    let most = TrustAnchors::MAX_CERTIFICATES;
    let full = TrustAnchors::from_der(vec![one.as_slice()[0].clone(); most]).unwrap();
    assert!(TrustAnchors::join([full.clone()]).is_ok());
    let error = TrustAnchors::join([full, one]).unwrap_err();
    assert!(matches!(error.problem(), MaterialProblem::TooMany { limit, .. } if *limit == most));
}
