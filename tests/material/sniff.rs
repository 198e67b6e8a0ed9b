//! Any file by its content: what is read, and in which words what does not belong there is rejected.

mod identities;

use std::fs;
use std::process::Command;

use mtls::{CertificateChain, PrivateKey, RevocationLists, TrustAnchors};

use crate::common::openssl_ca::Cas;
use crate::common::programs::Program;
use crate::{fixture, path, says};

/// All fixtures and what `openssl ca` makes, whole files by their names.
fn files() -> Vec<(String, Vec<u8>)> {
    let mut folders = vec![path("")];
    let cas = Cas::new();
    folders.extend(cas.iter().flat_map(|cas| {
        cas.list("root", "");
        [cas.path("root"), cas.path("issuing")]
    }));
    let mut files = Vec::new();
    for folder in folders {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                let name = entry.file_name().to_string_lossy().into_owned();
                files.push((name, fs::read(entry.path()).unwrap()));
            }
        }
    }
    files
}

fn key_bytes(key: &PrivateKey) -> Vec<u8> {
    key.pkcs8_der().secret_pkcs8_der().to_vec()
}

#[test]
fn what_loads_as_pem_loads_the_same_by_its_content_and_from_der() {
    let (mut certificates, mut keys, mut lists) = (0, 0, 0);
    for (name, bytes) in files() {
        if let Ok(chain) = CertificateChain::from_pem(&bytes) {
            assert_eq!(
                mtls::Loader::new()
                    .load_chain(mtls::material::Input::bytes(&bytes))
                    .unwrap(),
                chain
            );
            let leaf = mtls::Loader::new()
                .load_chain(mtls::material::Input::bytes(chain.leaf()))
                .unwrap();
            assert_eq!(leaf.as_slice(), &chain.as_slice()[..1], "{name}");
            certificates += 1;
        }
        if let Ok(anchors) = TrustAnchors::from_pem(&bytes) {
            assert_eq!(
                mtls::Loader::new()
                    .load_anchors(mtls::material::Input::bytes(&bytes))
                    .unwrap(),
                anchors
            );
            let first = mtls::Loader::new()
                .load_anchors(mtls::material::Input::bytes(&anchors.as_slice()[0]))
                .unwrap();
            assert_eq!(first.as_slice(), &anchors.as_slice()[..1], "{name}");
        }
        if let Ok(key) = PrivateKey::from_pem(&bytes) {
            let again = mtls::Loader::new()
                .load_key(mtls::material::Input::bytes(&bytes))
                .unwrap();
            assert_eq!(key_bytes(&again), key_bytes(&key), "{name}");
            let again = mtls::Loader::new()
                .load_key(mtls::material::Input::bytes(key_bytes(&key)))
                .unwrap();
            assert_eq!(key_bytes(&again), key_bytes(&key), "{name}");
            keys += 1;
        }
        if let Ok(list) = RevocationLists::from_pem(&bytes) {
            assert_eq!(
                mtls::Loader::new()
                    .load_revocation_lists(mtls::material::Input::bytes(&bytes))
                    .unwrap(),
                list
            );
            let der = list.iter().next().unwrap().as_der();
            assert_eq!(
                mtls::Loader::new()
                    .load_revocation_lists(mtls::material::Input::bytes(der))
                    .unwrap(),
                list,
                "{name}"
            );
            lists += 1;
        }
        // What one reader takes, the others reject with words of their own.
        for error in [
            mtls::Loader::new()
                .load_chain(mtls::material::Input::bytes(&bytes))
                .err(),
            mtls::Loader::new()
                .load_anchors(mtls::material::Input::bytes(&bytes))
                .err(),
            mtls::Loader::new()
                .load_key(mtls::material::Input::bytes(&bytes))
                .err(),
            mtls::Loader::new()
                .load_revocation_lists(mtls::material::Input::bytes(&bytes))
                .err(),
        ] {
            let text = error.map_or_else(String::new, |error| error.to_string());
            assert!(!text.contains(['\n', '\r']), "{name}: {text}");
        }
    }
    assert!(certificates >= 2 && keys >= 8, "{certificates} {keys}");
    if Program::openssl().is_some() {
        assert!(certificates >= 8 && lists >= 1, "{certificates} {lists}");
    }
}

#[test]
fn every_key_in_der_is_detected() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    for (name, arguments) in [
        ("rsa_pkcs8.pem", "rsa -traditional"),
        ("rsa_pkcs8.pem", "pkcs8 -topk8 -nocrypt"),
        ("p256_pkcs8.pem", "ec"),
        ("p384_sec1.pem", "pkcs8 -topk8 -nocrypt"),
        ("ed25519.pem", "pkey"),
    ] {
        let mut command = openssl.command();
        command.args(arguments.split(' ')).args(["-outform", "DER"]);
        let der = output(command.arg("-in").arg(path(name)));
        let key = mtls::Loader::new()
            .load_key(mtls::material::Input::bytes(&der))
            .unwrap();
        let plain = PrivateKey::from_file(path(name)).unwrap();
        assert_eq!(key_bytes(&key), key_bytes(&plain), "{name}, {arguments}");
        says(
            mtls::Loader::new().load_anchors(mtls::material::Input::bytes(&der)),
            &["found a private key where certificates are expected"],
        );
        says(
            TrustAnchors::from_der([der.clone().into()]),
            &["certificate 0: found a private key"],
        );
        says(
            mtls::Loader::new().load_identity(mtls::material::Input::bytes(&der)),
            &["this is a private key", "hint: `MtlsIdentity::from_files`"],
        );
        says(
            mtls::Loader::new().load_revocation_lists(mtls::material::Input::bytes(&der)),
            &["this is a private key, expected a revocation list"],
        );
        // What cuts it must not quote it.
        says(
            mtls::Loader::new().load_key(mtls::material::Input::bytes([der, vec![0]].concat())),
            &["this is "],
        );
    }
}

/// What a program writes on standard output.
pub(crate) fn output(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    output.stdout
}

#[cfg(not(feature = "encrypted-keys"))]
#[test]
fn encrypted_keys_ask_for_the_feature() {
    let passphrase = mtls::Passphrase::new("correct horse");
    for name in ["ed25519_scrypt.pem", "rsa_legacy_aes256.pem"] {
        says(
            mtls::Loader::new()
                .passphrase(passphrase.clone())
                .load_key(path(name)),
            &[name, "is encrypted", "hint: cargo feature `encrypted-keys`"],
        );
    }
    says(
        mtls::Loader::new()
            .passphrase(passphrase.clone())
            .load_identity(path("rsa.p12")),
        &["rsa.p12: this is PKCS#12", "hint: cargo feature `pkcs12`"],
    );
}

#[cfg(feature = "encrypted-keys")]
#[test]
fn encrypted_keys_open_by_their_content() {
    use mtls::error::{MaterialOrigin, MaterialProblem};

    let passphrase = mtls::Passphrase::new("correct horse");
    for (name, plain) in [
        ("ed25519_pbes2_aes-256-cbc.pem", "ed25519.pem"),
        ("rsa_legacy_aes256.pem", "rsa_pkcs8.pem"),
        ("rsa_pkcs1.pem", "rsa_pkcs8.pem"),
    ] {
        let key = mtls::Loader::new()
            .passphrase(passphrase.clone())
            .load_key(path(name))
            .unwrap();
        let plain = PrivateKey::from_file(path(plain)).unwrap();
        assert_eq!(key_bytes(&key), key_bytes(&plain), "{name}");
    }
    says(
        PrivateKey::from_file(path("ed25519_scrypt.pem")),
        &["the private key is encrypted", "hint: `Loader::passphrase`"],
    );

    // A bundle, the key in front and under a passphrase.
    let bundle = [fixture("rsa_legacy_aes256.pem"), fixture("rsa.crt")].concat();
    let identity = mtls::Loader::new()
        .passphrase(passphrase.clone())
        .load_identity(mtls::material::Input::bytes(&bundle))
        .unwrap();
    assert_eq!(identity.chain().as_slice().len(), 1);
    let chain = path("rsa.crt");
    let key = path("rsa_legacy_aes256.pem");
    mtls::Loader::new()
        .passphrase(passphrase.clone())
        .load_key_pair(&chain, &key)
        .unwrap();
    let error = mtls::MtlsIdentity::from_files(&chain, &key).unwrap_err();
    assert_eq!(error.origin(), &MaterialOrigin::File(key));
    let error = mtls::Loader::new()
        .passphrase(passphrase.clone())
        .load_key_pair(&chain, path("ed25519_scrypt.pem"))
        .unwrap_err();
    assert!(matches!(error.origin(), MaterialOrigin::Pair { .. }));

    let Some(openssl) = Program::openssl() else {
        return;
    };
    let mut command = openssl.command();
    command.args(["pkcs8", "-topk8", "-outform", "DER"]);
    command.args(["-passout", "pass:correct horse", "-in"]);
    let der = output(command.arg(path("ed25519.pem")));
    let key = mtls::Loader::new()
        .passphrase(passphrase.clone())
        .load_key(mtls::material::Input::bytes(&der))
        .unwrap();
    let plain = PrivateKey::from_file(path("ed25519.pem")).unwrap();
    assert_eq!(key_bytes(&key), key_bytes(&plain));
    let wrong = mtls::Passphrase::new("wrong");
    let error = mtls::Loader::new()
        .passphrase(wrong.clone())
        .load_key(mtls::material::Input::bytes(&der))
        .unwrap_err();
    assert!(matches!(
        error.problem(),
        MaterialProblem::WrongPassphrase { .. }
    ));
    let error = mtls::Loader::new()
        .load_key(mtls::material::Input::bytes(&der))
        .unwrap_err();
    assert!(matches!(error.problem(), MaterialProblem::EncryptedKey));

    // PKCS#8 that claims to be encrypted once more.
    let text = crate::fixture_text("ed25519_pbes2_aes-256-cbc.pem").replacen(
        '\n',
        "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n",
        1,
    );
    says(
        mtls::Loader::new()
            .passphrase(passphrase.clone())
            .load_key(mtls::material::Input::bytes(text.as_bytes())),
        &[
            "encrypted by PKCS#8 and once more by PEM headers",
            "hint: openssl pkcs8 -topk8",
        ],
    );
}

#[test]
fn revocation_lists_are_read_where_they_belong() {
    let Some(cas) = Cas::new() else { return };
    let list = cas.list("issuing", "");
    let folder = cas.path("issuing");
    cas.run("issuing", "crl -in now.crl -outform DER -out now.der");
    for name in ["now.crl", "now.der"] {
        assert_eq!(RevocationLists::from_file(folder.join(name)).unwrap(), list);
    }
    let der = fs::read(folder.join("now.der")).unwrap();
    says(
        mtls::Loader::new().load_anchors(mtls::material::Input::bytes(&der)),
        &[
            "a revocation list (CRL), expected certificates",
            "hint: `RevocationLists`",
        ],
    );
    says(
        TrustAnchors::from_der([der.clone().into()]),
        &["a revocation list (CRL), expected certificates"],
    );
    says(
        PrivateKey::from_der(&der),
        &["a revocation list (CRL), expected a private key"],
    );
    let certificate = fixture("rsa.crt.der");
    says(
        mtls::Loader::new().load_revocation_lists(mtls::material::Input::bytes(&certificate)),
        &["found a certificate where a revocation list"],
    );
    says(
        mtls::Loader::new().load_revocation_lists(mtls::material::Input::bytes(fixture("rsa.p12"))),
        &["this is PKCS#12, expected a revocation list"],
    );
    // A list of version 1 is not taken for a certificate either, and is rejected as a list.
    let version_1 = crate::common::openssl_ca::CONFIG.replace("crl_extensions = crl", "");
    fs::write(folder.join("old"), version_1.replace("crlnumber", "#")).unwrap();
    cas.run("issuing", "ca -gencrl -config old -out now.crl");
    cas.run("issuing", "crl -in now.crl -outform DER -out now.der");
    let der = fs::read(folder.join("now.der")).unwrap();
    says(
        mtls::Loader::new().load_revocation_lists(mtls::material::Input::bytes(&der)),
        &["hint: version 2"],
    );
    says(
        mtls::Loader::new().load_anchors(mtls::material::Input::bytes(&der)),
        &["a revocation list (CRL)"],
    );
}

#[test]
fn utf_16_is_seen_with_and_without_its_mark() {
    let text = crate::fixture_text("ed25519.pem");
    // Base64 alone, and a whole PEM text.
    let base64: String = crate::fixture_text("rsa_pkcs8.pem")
        .lines()
        .skip(1)
        .take(3)
        .collect();
    assert!(base64.starts_with("MII"));
    for text in [text, base64] {
        for mark in ["", "\u{feff}"] {
            let units = || mark.encode_utf16().chain(text.encode_utf16());
            let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
            for bytes in [&little, &big] {
                for error in [
                    mtls::Loader::new()
                        .load_key(mtls::material::Input::bytes(bytes))
                        .unwrap_err(),
                    PrivateKey::from_pem(bytes).unwrap_err(),
                    mtls::Loader::new()
                        .load_anchors(mtls::material::Input::bytes(bytes))
                        .unwrap_err(),
                ] {
                    assert!(
                        matches!(error.problem(), mtls::error::MaterialProblem::Utf16),
                        "{mark:?}: {error}"
                    );
                }
            }
        }
    }
}
