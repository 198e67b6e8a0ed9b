//! What messages advise works, and what they echo is no secret.

use std::fs;
use std::process::Command;
use std::time::Duration;

use mtls::{MtlsIdentity, Passphrase, PrivateKey, TrustAnchors};

use crate::common::openssl_ca::Cas;
use crate::common::programs::{self, Program};
use crate::{fixture, fixture_text, message, path, says};

/// The command of the message, with these passphrases at each place where it would ask.
fn obey(cas: &Cas, said: &str, file: &str) {
    let command = said
        .split('`')
        .find(|part| part.starts_with("openssl pkcs"));
    let command = command
        .unwrap()
        .replace("FILE", file)
        .replace("pkcs12 -export", "pkcs12 -passout pass:a -export")
        .replace("pkcs12 -legacy", "pkcs12 -passin pass:a -legacy")
        .replace("pkcs12 -in", "pkcs12 -passin pass:a -in")
        .replace("pkcs8 ", "pkcs8 -passin pass:a -passout pass:a ");
    let mut shell = Command::new("bash");
    shell
        .args(["-c", &command])
        .current_dir(cas.path("issuing"));
    programs::run(&mut shell, b"", Duration::from_secs(30)).expect_success();
}

#[test]
fn keys_under_other_schemes_are_encrypted_anew() {
    let Some(cas) = Cas::new() else { return };
    let legacy = "-provider legacy -provider default";
    let file = cas.path("issuing").join("old");
    let passphrase = Passphrase::new("a");
    for (make, is_old) in [
        ("pkcs8 -topk8 -v1 PBE-SHA1-RC2-40", true),
        ("pkcs8 -topk8 -v1 PBE-SHA1-RC4-128", true),
        ("pkcs8 -topk8 -v1 PBE-MD5-DES", true),
        ("pkcs8 -topk8 -outform DER -v1 PBE-MD5-DES", true),
        ("ec -des-cbc", true),
        ("ec -camellia-128-cbc", false),
        ("pkcs8 -topk8 -v2 camellia-256-cbc", false),
    ] {
        let make = format!("{make} {legacy} -in alice.key -passout pass:a -out old");
        cas.run("issuing", &make);
        let said = message(
            mtls::Loader::new()
                .passphrase(passphrase.clone())
                .load_key(&file),
        );
        assert!(said.contains("encrypt the key anew"), "{said}");
        assert!(!said.contains("pkcs12"), "{said}");
        assert_eq!(said.contains(legacy), is_old, "{said}");
        obey(&cas, &said, "old");
        let made = cas.path("issuing").join("NEW");
        mtls::Loader::new()
            .passphrase(passphrase.clone())
            .load_key(made)
            .unwrap();
    }
}

#[test]
fn containers_under_other_schemes_are_exported_anew() {
    let Some(cas) = Cas::new() else { return };
    let passphrase = Passphrase::new("a");
    for (options, is_old) in [
        ("-legacy -certpbe PBE-SHA1-RC4-128", true),
        ("-legacy -keypbe PBE-MD5-DES", true),
        ("-certpbe camellia-256-cbc", false),
    ] {
        let make = format!(
            "pkcs12 -export {options} -inkey alice.key -in alice.crt -passout pass:a -out old"
        );
        cas.run("issuing", &make);
        let old = cas.path("issuing").join("old");
        let said = message(
            mtls::Loader::new()
                .passphrase(passphrase.clone())
                .load_identity(old),
        );
        assert!(said.contains("export the container anew"), "{said}");
        assert!(!said.contains("pkcs8"), "{said}");
        assert_eq!(said.contains("pkcs12 -legacy"), is_old, "{said}");
        obey(&cas, &said, "old");
        let made = cas.path("issuing").join("NEW");
        mtls::Loader::new()
            .passphrase(passphrase.clone())
            .load_identity(made)
            .unwrap();
    }
}

#[test]
fn containers_of_certtool_are_in_pem() {
    let (Some(cas), Some(certtool)) = (Cas::new(), Program::certtool()) else {
        return;
    };
    let folder = cas.path("issuing");
    let mut make = certtool.command();
    make.current_dir(&folder)
        .args(["--to-p12", "--p12-name", "a", "--password", "a"]);
    make.args([
        "--load-privkey",
        "alice.key",
        "--load-certificate",
        "alice.crt",
    ]);
    make.args(["--outfile", "a.p12"]);
    programs::run(&mut make, b"", Duration::from_secs(30)).expect_success();
    let file = folder.join("a.p12");
    let text = fs::read(&file).unwrap();
    assert!(text.starts_with(b"-----BEGIN PKCS12-----"));
    let passphrase = Passphrase::new("a");
    for identity in [
        mtls::Loader::new()
            .passphrase(passphrase.clone())
            .load_identity(&file),
        mtls::Loader::new()
            .passphrase(passphrase.clone())
            .load_identity(mtls::material::Input::bytes(&text)),
        mtls::Loader::new()
            .passphrase(passphrase.clone())
            .friendly_name("a")
            .load_identity(&file),
    ] {
        let expected = cas.certificate("issuing/alice.crt");
        assert_eq!(identity.unwrap().chain().leaf(), &expected);
    }
    says(
        mtls::Loader::new()
            .passphrase(passphrase.clone())
            .load_anchors(mtls::material::Input::bytes(&text)),
        &["private key in it"],
    );
    says(
        TrustAnchors::from_file(&file),
        &["PKCS#12", "hint: `Loader::passphrase`"],
    );
    says(MtlsIdentity::from_file(&file), &["no passphrase was given"]);
}

#[test]
fn a_piece_of_a_key_is_not_echoed() {
    let text = fixture_text("ed25519.pem");
    let secret = text.lines().nth(1).unwrap();
    for label in [
        secret.to_owned(),
        format!("PRIVATE KEY{secret}"),
        secret[..40].to_owned(),
    ] {
        let odd = format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
        let said = message(PrivateKey::from_pem(odd.as_bytes()));
        assert!(said.contains("looks like a PEM marker"), "{said}");
        assert!(!said.contains(&secret[..20]), "{said}");
    }
    // Nor is what is long, however short its words.
    let label = ["KEY"; 17].join(" ");
    let odd = format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
    let said = message(PrivateKey::from_pem(odd.as_bytes()));
    assert!(
        said.contains("looks like a PEM marker") && !said.contains(&label),
        "{said}"
    );
    let odd = format!(
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: {},00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
        &secret[..24]
    );
    let said = message(
        mtls::Loader::new()
            .passphrase(Passphrase::new("a"))
            .load_key(mtls::material::Input::bytes(odd.as_bytes())),
    );
    assert!(
        said.contains("no cipher's name") && !said.contains(&secret[..24]),
        "{said}"
    );
}

#[test]
fn a_file_name_forges_no_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a\n2026-01-01 all is well\u{202e}");
    fs::write(&file, "x").unwrap();
    for error in [
        TrustAnchors::from_file(&file).unwrap_err(),
        mtls::Loader::new()
            .load_anchors(mtls::material::Input::directory(folder.path()))
            .unwrap_err(),
        MtlsIdentity::from_files(path("rsa.crt"), &file).unwrap_err(),
    ] {
        let said = error.to_string();
        assert!(
            said.contains("a\\u{a}2026-01-01 all is well\\u{202e}"),
            "{said}"
        );
        assert!(!said.contains(char::is_control), "{said}");
        assert!(!error.hint().contains(char::is_control), "{said}");
    }
    says(
        TrustAnchors::from_file(folder.path()),
        &["hint: `Input::directory`"],
    );
}

#[test]
fn a_byte_order_mark_between_files_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("FILE");
    let text = format!("\u{feff}{}", fixture_text("rsa.crt"));
    fs::write(&file, text.repeat(2)).unwrap();
    let said = message(TrustAnchors::from_file(&file));
    assert!(said.contains("a UTF-8 byte order mark"), "{said}");
    let mut shell = Command::new("bash");
    shell
        .args(["-c", said.split('`').nth(1).unwrap()])
        .current_dir(folder.path());
    programs::run(&mut shell, b"", Duration::from_secs(10)).expect_success();
    let anchors = TrustAnchors::from_file(folder.path().join("NEW")).unwrap();
    assert_eq!(anchors.as_slice().len(), 2);
}

#[test]
fn short_der_that_is_damaged_is_named() {
    let key = PrivateKey::from_pem(&fixture("ed25519.pem")).unwrap();
    let der = key.pkcs8_der().secret_pkcs8_der().to_vec();
    assert!(der[1] < 0x80);
    let cut = &der[..der.len() - 1];
    says(
        mtls::Loader::new().load_key(mtls::material::Input::bytes(cut)),
        &["DER that was cut off"],
    );
    let more = [&der[..], b"\n"].concat();
    says(
        mtls::Loader::new().load_key(mtls::material::Input::bytes(&more)),
        &["something after its end"],
    );
}
