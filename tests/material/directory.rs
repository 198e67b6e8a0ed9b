//! A folder of trust anchors, as packages and `openssl rehash` make them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use mtls::TrustAnchors;
use mtls::error::{MaterialOrigin, MaterialProblem};
use pki_types::CertificateDer;
use pki_types::pem::PemObject;
use tempfile::TempDir;

use crate::common::openssl_ca::Cas;
use crate::common::pki::certificate_pem;
use crate::common::programs::{self, Program};
use crate::{PKCS12_ADVICE, fixture, message, path, says};

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn count(folder: &TempDir) -> usize {
    let anchors = mtls::Loader::new()
        .load_anchors(mtls::material::Input::directory(folder))
        .unwrap_or_else(|e| panic!("{e}"));
    anchors.as_slice().len()
}

/// Asserts that nothing loads, by the fault of this file.
#[track_caller]
fn blames(folder: &TempDir, name: &str, parts: &[&str]) {
    let error = mtls::Loader::new()
        .load_anchors(mtls::material::Input::directory(folder))
        .unwrap_err();
    assert_eq!(
        error.origin(),
        &MaterialOrigin::DirectoryEntry(folder.path().join(name)),
        "{error}"
    );
    says::<()>(Err(error), parts);
}

/// Certificates by rcgen, each of its own name.
fn certificate(name: &str) -> Vec<u8> {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    let name_type = rcgen::DnType::CommonName;
    params.distinguished_name.push(name_type, name);
    params.self_signed(&key).unwrap().pem().into_bytes()
}

#[test]
fn every_encoding_is_read_in_the_order_of_the_names() {
    let Some(cas) = Cas::new() else { return };
    cas.run(
        "issuing",
        "crl2pkcs7 -nocrl -outform DER -certfile ca.crt -certfile alice.crt -out made",
    );
    let p7b = fs::read(cas.path("issuing").join("made")).unwrap();
    let pem = fs::read(cas.path("root").join("ca.crt")).unwrap();
    let folder = folder(&[
        ("c.cer", &fixture("rsa.crt.der")),
        ("b.p7b", &p7b),
        ("a", &pem),
    ]);
    fs::create_dir(folder.path().join("java")).unwrap();
    fs::write(folder.path().join("java").join("cacerts"), "no anchor").unwrap();
    fs::write(folder.path().join(".hidden"), "no anchor").unwrap();
    let anchors = mtls::Loader::new()
        .load_anchors(mtls::material::Input::directory(&folder))
        .unwrap();
    assert_eq!(anchors.as_slice().len(), 4);
    assert_eq!(anchors.as_slice()[0], cas.certificate("root/ca.crt"));
    assert_eq!(anchors.as_slice()[3].as_ref(), fixture("rsa.crt.der"));
}

#[test]
fn the_same_certificate_counts_once() {
    let (a, b) = (certificate("a"), certificate("b"));
    let both = [a.as_slice(), &b].concat();
    let folder = folder(&[("a.pem", &a), ("b.pem", &b), ("bundle.crt", &both)]);
    assert_eq!(count(&folder), 2);
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let mut rehash = openssl.command();
    // A bundle has no hash.
    fs::remove_file(folder.path().join("bundle.crt")).unwrap();
    rehash.arg("rehash").arg(folder.path());
    programs::run(&mut rehash, b"", Duration::from_secs(30)).expect_success();
    let links = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(links, 4, "two files and two links");
    assert_eq!(count(&folder), 2);
}

#[cfg(unix)]
#[test]
fn links_are_followed() {
    use std::os::unix::fs::symlink;

    // As Kubernetes mounts secrets and config maps.
    let folder = folder(&[]);
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("..2026_01_01")).unwrap();
    fs::write(at("..2026_01_01/ca.crt"), certificate("a")).unwrap();
    symlink("..2026_01_01", at("..data")).unwrap();
    symlink("..data/ca.crt", at("ca.crt")).unwrap();
    assert_eq!(count(&folder), 1);
    // A folder behind a link is not entered.
    symlink("..2026_01_01", at("more")).unwrap();
    assert_eq!(count(&folder), 1);
    symlink("nowhere", at("dangling.pem")).unwrap();
    blames(&folder, "dangling.pem", &["there is no such file"]);
    fs::remove_file(at("dangling.pem")).unwrap();
    symlink("/dev/null", at("device")).unwrap();
    blames(&folder, "device", &["not a regular file"]);
}

#[test]
fn one_bad_file_fails_the_load_and_is_named() {
    let good = certificate("good");
    let crl = {
        let Some(cas) = Cas::new() else { return };
        cas.list("root", "");
        fs::read(cas.path("root").join("now.crl")).unwrap()
    };
    for (name, content, parts) in [
        (
            "README",
            b"The CAs of this house.".to_vec(),
            &["neither PEM nor DER", "hint: head -c 200 FILE"][..],
        ),
        ("empty.pem", Vec::new(), &["the input is empty"]),
        (
            "5273a94c.r0",
            crl,
            &["X509 CRL does not belong here", "hint: `RevocationLists`"],
        ),
        (
            "ca.key",
            fixture("ed25519.pem"),
            &["found a private key where certificates are expected"],
        ),
        (
            "key.der",
            key_in_der("p256_pkcs8.pem"),
            &["found a private key where certificates are expected"],
        ),
        (
            "bundle.trust.crt",
            fixture("trusted.crt"),
            &["TRUSTED CERTIFICATE", "hint: trust settings"],
        ),
        ("ca.p12", fixture("rsa.p12"), &["PKCS#12", PKCS12_ADVICE]),
        (
            "cut.pem",
            good[..good.len() / 2].to_vec(),
            &["no END marker"],
        ),
    ] {
        let folder = folder(&[("good.pem", &good), (name, &content)]);
        blames(&folder, name, parts);
        fs::remove_file(folder.path().join(name)).unwrap();
        assert_eq!(count(&folder), 1);
    }
}

fn key_in_der(name: &str) -> Vec<u8> {
    let key = mtls::PrivateKey::from_file(path(name)).unwrap();
    key.pkcs8_der().secret_pkcs8_der().to_vec()
}

#[test]
fn a_folder_with_nothing_in_it_is_named() {
    let folder = folder(&[]);
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(folder.path().join(".keep"), "").unwrap();
    let error = mtls::Loader::new()
        .load_anchors(mtls::material::Input::directory(&folder))
        .unwrap_err();
    assert!(matches!(
        error.problem(),
        MaterialProblem::NoCertificateInDirectory
    ));
    let origin = MaterialOrigin::File(folder.path().to_owned());
    assert_eq!(error.origin(), &origin);

    says(
        mtls::Loader::new().load_anchors(mtls::material::Input::directory("no/such/folder")),
        &["no/such/folder: there is no such file"],
    );
    says(
        mtls::Loader::new().load_anchors(mtls::material::Input::directory(path("rsa.crt"))),
        &["rsa.crt: this is no directory", "hint: `Input::file`"],
    );
}

#[test]
fn the_bytes_are_limited_together() {
    let good = certificate("good");
    let half = vec![b'\n'; TrustAnchors::MAX_INPUT_BYTES / 2];
    let padded = [good.as_slice(), &half].concat();
    let folder = folder(&[("a", &padded)]);
    assert_eq!(count(&folder), 1);
    fs::write(folder.path().join("b"), &padded).unwrap();
    let error = mtls::Loader::new()
        .load_anchors(mtls::material::Input::directory(&folder))
        .unwrap_err();
    assert_eq!(
        error.origin(),
        &MaterialOrigin::File(folder.path().to_owned())
    );
    says::<()>(Err(error), &["more than 16777216 bytes"]);

    // A file that is too large by itself is named itself, and not read.
    sparse(&folder.path().join("a"));
    blames(&folder, "a", &["more than 16777216 bytes"]);
}

fn sparse(path: &Path) {
    let file = fs::File::create(path).unwrap();
    file.set_len(TrustAnchors::MAX_INPUT_BYTES as u64 + 1)
        .unwrap();
}

#[test]
fn the_entries_are_limited() {
    let folder = folder(&[("a", &certificate("a"))]);
    // Those that are passed over count too: it is the looking that costs.
    for n in 1..TrustAnchors::MAX_DIRECTORY_ENTRIES {
        fs::File::create(folder.path().join(format!(".{n}"))).unwrap();
    }
    assert_eq!(count(&folder), 1);
    fs::File::create(folder.path().join(".one_more")).unwrap();
    let message =
        message(mtls::Loader::new().load_anchors(mtls::material::Input::directory(&folder)));
    assert!(message.contains("more than 32768 entries"), "{message}");
}

#[test]
fn the_anchors_are_limited_together() {
    let der = CertificateDer::from_pem_slice(&fixture("v1.crt")).unwrap();
    // The signature is not verified, so that other last bytes make another certificate.
    let many = |from: usize, to: usize| {
        let mut text = String::new();
        for n in from..to {
            let mut der = der.to_vec();
            let end = der.len() - 2;
            der[end..].copy_from_slice(&u16::try_from(n).unwrap().to_be_bytes());
            text += &certificate_pem(&der.into());
        }
        text
    };
    let most = TrustAnchors::MAX_CERTIFICATES;
    let (lower, upper) = (many(0, most / 2), many(most / 2, most));
    let folder = folder(&[("a", lower.as_bytes()), ("b", upper.as_bytes())]);
    assert_eq!(count(&folder), most);
    // What comes after the limit is not read.
    fs::write(folder.path().join("c"), many(most, most + 1)).unwrap();
    fs::write(folder.path().join("d"), "no anchor").unwrap();
    let error = mtls::Loader::new()
        .load_anchors(mtls::material::Input::directory(&folder))
        .unwrap_err();
    let origin = MaterialOrigin::File(folder.path().to_owned());
    assert_eq!(error.origin(), &origin);
    says::<()>(Err(error), &["more than 16384 certificates"]);
}
