//! What rustls-pki-types passes over in silence has to be said.

use std::time::Duration;

use mtls::{CertificateChain, MtlsIdentity, PrivateKey, TrustAnchors};

use crate::common::programs::{self, Program};
use crate::{fixture, fixture_text, path, says};

fn anchors(pem: impl AsRef<[u8]>) -> Result<TrustAnchors, mtls::MaterialError> {
    TrustAnchors::from_pem(pem.as_ref())
}

fn count(pem: impl AsRef<[u8]>) -> usize {
    anchors(pem).unwrap().as_slice().len()
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    assert_eq!(count(format!("\u{feff}{}", fixture_text("rsa.crt"))), 1);
    says(anchors("\u{feff}"), &["the input is empty"]);
}

#[test]
fn utf16_is_named() {
    let text = fixture_text("rsa.crt");
    let utf16: Vec<u8> = std::iter::once(0xfeff)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    says(anchors(utf16), &["UTF-16", "hint: ASCII or UTF-8"]);
}

#[test]
fn all_line_endings_and_text_between_sections_are_read() {
    let text = fixture_text("rsa.crt");
    assert_eq!(count(text.replace('\n', "\r\n")), 1);
    assert_eq!(count(text.replace('\n', "\r")), 1);
    assert_eq!(count(text.trim_end()), 1);
    assert_eq!(count(text.replace("-----\n", "-----  \n")), 1);
    assert_eq!(count(text.replace("-----\n", "-----\t\n")), 1);
    assert_eq!(count(text.replace("-----\n", "----- \t \r\n")), 1);
    // Dashes far from any marker, bytes that are no UTF-8, and no line break at the end.
    let before = b"\xff-\xfe- --- -----\n-\r-\n".repeat(40);
    let long = [before.as_slice(), text.trim_end().as_bytes()].concat();
    assert_eq!(count(long), 1);
    assert_eq!(
        count(format!(
            "Subject: CN=a - b\n{text}\nBag Attributes\n  x: y\n{text}"
        )),
        2
    );
}

#[test]
fn foreign_labels_are_rejected_by_name() {
    says(
        anchors(fixture("trusted.crt")),
        &[
            "TRUSTED CERTIFICATE does not belong here",
            "hint: openssl x509 -in FILE",
        ],
    );
    for (label, advice) in [
        ("CERTIFICATE REQUEST", "hint: a request is no certificate"),
        ("PKCS7", "hint: give it alone in a file"),
        ("PUBLIC KEY", "hint: proves nothing"),
        ("PKCS12", "hint: `Loader::load_anchors`"),
        ("X509 CRL", "hint: leave it out"),
        ("DH PARAMETERS", "hint: parameters are no key"),
        ("EC PARAMETERS", "hint: parameters are no key"),
        ("NEW SORT", "hint: leave it out (and where"),
    ] {
        let text = fixture_text("rsa.crt").replace("CERTIFICATE", label);
        let both = fixture_text("rsa.crt") + &text;
        says(
            anchors(both),
            &["section 1", label, "expected CERTIFICATE", advice],
        );
    }
}

#[test]
fn old_names_of_certificates_are_read() {
    let new = TrustAnchors::from_pem(&fixture("rsa.crt")).unwrap();
    assert_eq!(anchors(fixture("x509_label.crt")).unwrap(), new);
    for name in ["X509 CERTIFICATE", "X.509 CERTIFICATE"] {
        let text = fixture_text("rsa.crt").replace("CERTIFICATE", name);
        assert_eq!(anchors(&text).unwrap(), new);
        let bundle = text.clone() + &fixture_text("rsa_pkcs8.pem");
        let identity = mtls::Loader::new()
            .load_identity(mtls::material::Input::bytes(bundle.as_bytes()))
            .unwrap();
        assert_eq!(identity.chain().as_slice(), new.as_slice());
        says(
            PrivateKey::from_pem(text.as_bytes()),
            &["hint: in each other's place"],
        );
        // Both markers have to agree.
        let mixed = text.replace(&format!("END {name}"), "END CERTIFICATE");
        says(anchors(mixed), &["begins as X", "ends as CERTIFICATE"]);
    }
    for name in ["X509  CERTIFICATE", "x509 certificate", "X509"] {
        let text = fixture_text("rsa.crt").replace("CERTIFICATE", name);
        says(anchors(text), &[name, "does not belong here"]);
    }
}

#[test]
fn what_the_command_pkcs12_prints_is_read() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let mut command = openssl.command();
    command.args(["pkcs12", "-nodes", "-passin", "pass:correct horse", "-in"]);
    command.arg(path("rsa.p12"));
    let printed = programs::run(&mut command, b"", Duration::from_secs(30)).expect_success();
    assert!(printed.contains("Bag Attributes") && printed.contains("localKeyID"));
    let of_files = MtlsIdentity::from_pem(&fixture("rsa.crt"), &fixture("rsa_pkcs8.pem")).unwrap();
    for text in [
        printed.clone(),
        printed.replace('\n', "\r\n"),
        printed.replace('\n', "\r"),
    ] {
        for identity in [
            mtls::Loader::new().load_identity(mtls::material::Input::bytes(text.as_bytes())),
            mtls::Loader::new().load_identity(mtls::material::Input::bytes(text.as_bytes())),
        ] {
            assert_eq!(identity.unwrap().chain(), of_files.chain());
        }
    }
    // A friendly name is no marker.
    let named = printed.replacen(
        "Bag Attributes",
        "Bag Attributes\n    friendlyName: -- the END of it",
        1,
    );
    mtls::Loader::new()
        .load_identity(mtls::material::Input::bytes(named.as_bytes()))
        .unwrap();
}

/// As haproxy, nginx and others keep them: one file with the certificate, its key and the group.
#[test]
fn parameters_are_passed_over() {
    let (certificate, key) = (fixture_text("rsa.crt"), fixture_text("rsa_pkcs8.pem"));
    for label in [
        "DH PARAMETERS",
        "X9.42 DH PARAMETERS",
        "DSA PARAMETERS",
        "EC PARAMETERS",
    ] {
        // What is in it is not looked at, as long as it is a section.
        let parameters = format!("-----BEGIN {label}-----\nMAYCAQICAQM=\n-----END {label}-----\n");
        for parts in [
            [&certificate, &key, &parameters],
            [&parameters, &key, &certificate],
            [&certificate, &parameters, &key],
        ] {
            let bundle = parts.map(String::as_str).concat();
            let bundle = bundle.as_bytes();
            for identity in [
                mtls::Loader::new().load_identity(mtls::material::Input::bytes(bundle)),
                mtls::Loader::new().load_identity(mtls::material::Input::bytes(bundle)),
            ] {
                assert_eq!(identity.unwrap().chain().as_slice().len(), 1, "{label}");
            }
        }
        let chain = certificate.clone() + &parameters;
        for chain in [
            CertificateChain::from_pem(chain.as_bytes()),
            mtls::Loader::new().load_chain(mtls::material::Input::bytes(chain.as_bytes())),
        ] {
            assert_eq!(chain.unwrap().as_slice().len(), 1, "{label}");
        }
        PrivateKey::from_pem((key.clone() + &parameters).as_bytes()).unwrap();
        // Alone they are of no use, and among trust anchors they are a mistake.
        let alone = format!("{label} does not belong here");
        says(CertificateChain::from_pem(parameters.as_bytes()), &[&alone]);
        says(PrivateKey::from_pem(parameters.as_bytes()), &[&alone]);
        says(
            mtls::Loader::new().load_identity(mtls::material::Input::bytes(parameters.as_bytes())),
            &[&alone],
        );
        says(anchors(chain), &["section 1", &alone]);
    }
}

#[test]
fn sections_that_are_no_keys_are_rejected_by_name() {
    let key = fixture_text("rsa_pkcs8.pem");
    for (label, advice) in [
        ("ANY PRIVATE KEY", "hint: openssl pkey -in FILE -out NEW"),
        ("CERTIFICATE REQUEST", "hint: a request is no certificate"),
        (
            "OPENSSH PRIVATE KEY",
            "hint: ssh-keygen -p -m PKCS8 -f COPY",
        ),
        ("PGP PRIVATE KEY BLOCK", "hint: not for TLS"),
        ("PKCS7", "hint: openssl pkcs7 -print_certs"),
        ("PUBLIC KEY", "hint: proves nothing"),
        ("X509 CRL", "hint: `RevocationLists`"),
    ] {
        let other = key.replace("PRIVATE KEY", label);
        for text in [other.clone(), key.clone() + &other] {
            for result in [
                PrivateKey::from_pem(text.as_bytes()).map(drop),
                mtls::Loader::new()
                    .load_key(mtls::material::Input::bytes(text.as_bytes()))
                    .map(drop),
                mtls::Loader::new()
                    .load_identity(mtls::material::Input::bytes(text.as_bytes()))
                    .map(drop),
                mtls::Loader::new()
                    .load_identity(mtls::material::Input::bytes(text.as_bytes()))
                    .map(drop),
            ] {
                says(
                    result,
                    &[&format!("{label} does not belong here, expected "), advice],
                );
            }
        }
    }
    let two = key + &fixture_text("p256_pkcs8.pem");
    says(
        mtls::Loader::new().load_identity(mtls::material::Input::bytes(two.as_bytes())),
        &[
            "section 1 (PRIVATE KEY",
            "second private key",
            "that of section 0",
            "hint: openssl pkey -in KEY -pubout",
        ],
    );
}

#[test]
fn indented_markers_are_rejected() {
    let text = fixture_text("rsa.crt").replace('\n', "\n    ");
    says(
        anchors(format!("    {text}")),
        &["the PEM markers are indented"],
    );
    // One of two is enough: the other would be read alone.
    says(
        anchors(format!("{}    {text}", fixture_text("rsa.crt"))),
        &["section 1", "the PEM markers are indented"],
    );
    // Base64 alone may be.
    assert_eq!(count(fixture_text("rsa.crt").replace("\nMI", "\n  MI")), 1);
}

#[test]
fn end_and_begin_on_one_line_are_rejected() {
    let text = fixture_text("rsa.crt");
    says(
        anchors(format!("{}{text}", text.trim_end())),
        &[
            "section 0 (CERTIFICATE, at byte 0)",
            "share a line",
            "hint: line break",
        ],
    );
}

#[test]
fn literal_line_breaks_are_rejected() {
    let text = fixture_text("rsa.crt").replace('\n', "\\n");
    says(anchors(text), &["two characters `\\n`", "hint: printf"]);
}

#[test]
fn damaged_markers_are_rejected() {
    let text = fixture_text("rsa.crt");
    for damaged in [
        text.replace("-----BEGIN", "----BEGIN"),
        text.replace("-----BEGIN", "---- BEGIN"),
        text.replace("-----END", "----END"),
        text.replace("CERTIFICATE-----\n", "CERTIFICATE----\n"),
        text.replace("\n-----END", "-----END"),
        text.replace("CERTIFICATE-----\nMI", "CERTIFICATE-----MI"),
    ] {
        says(anchors(&damaged), &["looks like a PEM marker but is none"]);
    }
}

#[test]
fn cut_and_mixed_sections_are_rejected() {
    let text = fixture_text("rsa.crt");
    let (cut, _) = text.split_at(text.len() / 2);
    says(
        anchors(cut),
        &["section 0", "CERTIFICATE has no END marker"],
    );
    says(
        anchors(format!("{cut}\n{text}")),
        &["CERTIFICATE has no END marker"],
    );
    let (begin, rest) = text.split_once('\n').unwrap();
    assert_eq!(begin, "-----BEGIN CERTIFICATE-----");
    says(anchors(rest), &["CERTIFICATE ends without having begun"]);
    says(
        anchors(text.replace("END CERTIFICATE", "END PRIVATE KEY")),
        &["begins as CERTIFICATE and ends as PRIVATE KEY"],
    );
}

#[test]
fn garbage_is_no_certificate() {
    let garbage = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
    says(
        anchors(garbage),
        &[
            "section 0",
            "not an X.509 certificate",
            "hint: openssl x509",
        ],
    );
    let empty = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
    says(anchors(empty), &["not an X.509 certificate"]);
    says(
        anchors("-----BEGIN CERTIFICATE-----\n%%%%\n-----END CERTIFICATE-----\n"),
        &["section 0", "not base64"],
    );
    // A certificate with something after it in the same section.
    let mut der = fixture("rsa.crt.der");
    der.push(0);
    says(
        TrustAnchors::from_der([der.into()]),
        &["certificate 0: this is DER with something after its end"],
    );
}

#[test]
fn inputs_without_any_section_are_named() {
    says(anchors(""), &["the input is empty"]);
    says(anchors(" \n\r\n"), &["the input is empty"]);
    says(anchors("hello"), &["no PEM section begins in it"]);
    says(
        anchors(fixture("rsa.crt.der")),
        &[
            "this is DER (a certificate), and PEM is expected",
            "hint: openssl x509 -inform DER",
        ],
    );
    says(
        anchors(fixture("rsa.p12")),
        &["PKCS#12", "hint: openssl pkcs12"],
    );
    let key = PrivateKey::from_pem(&fixture("rsa_pkcs8.pem")).unwrap();
    let der = key.pkcs8_der();
    says(
        PrivateKey::from_pem(der.secret_pkcs8_der()),
        &["this is DER (a private key), and PEM is expected"],
    );
}

#[test]
fn swapped_inputs_are_named() {
    let (chain, key) = (fixture("rsa.crt"), fixture("rsa_pkcs8.pem"));
    for result in [
        MtlsIdentity::from_pem(&key, &chain).map(drop),
        CertificateChain::from_pem(&key).map(drop),
        PrivateKey::from_pem(&chain).map(drop),
        anchors(&key).map(drop),
    ] {
        says(
            result,
            &[
                "hint: in each other's place",
                "hint: MtlsIdentity::from_file",
            ],
        );
    }
}

#[test]
fn sections_are_limited() {
    let text = fixture_text("rsa.crt").repeat(CertificateChain::MAX_CERTIFICATES + 1);
    says(
        CertificateChain::from_pem(text.as_bytes()),
        &["more than 16 PEM sections"],
    );
    let text = fixture_text("ed25519.pem").repeat(PrivateKey::MAX_SECTIONS + 1);
    says(
        PrivateKey::from_pem(text.as_bytes()),
        &["more than 32 PEM sections"],
    );
    let long = vec![b' '; PrivateKey::MAX_INPUT_BYTES + 1];
    says(PrivateKey::from_pem(&long), &["more than 1048576 bytes"]);
    says(PrivateKey::from_der(&long), &["more than 1048576 bytes"]);
    says(
        CertificateChain::from_pem(&long),
        &["more than 1048576 bytes"],
    );
}
