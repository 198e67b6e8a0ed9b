//! Chains with their keys: bundles, pairs of files, containers.

use std::fs;

use mtls::MtlsIdentity;
use mtls::material::IdentityWarning;

use crate::{fixture, path, says};

#[test]
fn bundles_load_by_their_content() {
    let identity = MtlsIdentity::from_files(path("rsa.crt"), path("rsa_pkcs8.pem")).unwrap();
    let (chain, key) = (fixture("rsa.crt"), fixture("rsa_pkcs8.pem"));
    for parts in [[&chain, &key], [&key, &chain]] {
        let bundle = mtls::Loader::new()
            .load_identity(mtls::material::Input::bytes(
                parts.map(Vec::as_slice).concat(),
            ))
            .unwrap();
        assert_eq!(bundle.chain(), identity.chain());
    }
    let der = MtlsIdentity::from_files(path("rsa.crt.der"), path("rsa_pkcs1.pem")).unwrap();
    assert_eq!(der.chain(), identity.chain());
    says(
        mtls::Loader::new().load_identity(mtls::material::Input::bytes(fixture("rsa.crt.der"))),
        &[
            "this is a certificate, expected",
            "hint: `MtlsIdentity::from_files`",
        ],
    );
    says(
        MtlsIdentity::from_files(path("rsa.crt.der"), path("rsa.crt.der")),
        &["rsa.crt.der: found a certificate where a private key"],
    );
    says(
        MtlsIdentity::from_files(path("ed25519.pem"), path("ed25519.pem")),
        &["ed25519.pem: section 0", "found a private key where"],
    );
    says(
        MtlsIdentity::from_files(path("rsa.crt.der"), path("ed25519.pem")),
        &[
            "rsa.crt.der and ",
            "ed25519.pem: the private key (Ed25519, ",
        ],
    );
    says(
        mtls::Loader::new().load_identity(mtls::material::Input::bytes(&chain)),
        &["no private key"],
    );
    says(
        mtls::Loader::new().load_identity(mtls::material::Input::bytes(&key)),
        &["no certificate"],
    );
}

#[cfg(unix)]
#[test]
fn open_files_of_keys_are_warned_of() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let (key, bundle) = (folder.path().join("key"), folder.path().join("bundle"));
    fs::write(&key, fixture("rsa_pkcs8.pem")).unwrap();
    fs::write(
        &bundle,
        [fixture("rsa_pkcs8.pem"), fixture("rsa.crt")].concat(),
    )
    .unwrap();
    for (mode, expected) in [(0o644, 1), (0o600, 0)] {
        for file in [&key, &bundle] {
            fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
        }
        #[cfg(not(feature = "pkcs12"))]
        let container: [(Result<MtlsIdentity, mtls::MaterialError>, _); 0] = [];
        #[cfg(feature = "pkcs12")]
        let container = {
            let passphrase = mtls::Passphrase::new("correct horse");
            let made = folder.path().join("made");
            fs::write(&made, fixture("rsa.p12")).unwrap();
            fs::set_permissions(&made, fs::Permissions::from_mode(mode)).unwrap();
            [(
                mtls::Loader::new()
                    .passphrase(passphrase.clone())
                    .load_identity(&made),
                made,
            )]
        };
        let plain = [
            (MtlsIdentity::from_files(path("rsa.crt"), &key), key.clone()),
            (MtlsIdentity::from_file(&bundle), bundle.clone()),
        ];
        for (identity, file) in plain.into_iter().chain(container) {
            let identity = identity.unwrap();
            let exposed = |warning: &IdentityWarning| matches!(warning, IdentityWarning::InsecureKeyFile(e) if e.path == file && e.mode == mode);
            let count = identity.warnings().iter().filter(|w| exposed(w)).count();
            assert_eq!(count, expected, "{mode:o}");
        }
    }
}

#[cfg(feature = "pkcs12")]
#[test]
fn containers_load_by_their_content() {
    use mtls::error::{MaterialOrigin, MaterialProblem};

    let passphrase = mtls::Passphrase::new("correct horse");
    let bytes = fixture("rsa.p12");
    let identity = mtls::Loader::new()
        .passphrase(passphrase.clone())
        .load_identity(mtls::material::Input::bytes(&bytes))
        .unwrap();
    let same = mtls::Loader::new()
        .passphrase(passphrase.clone())
        .load_identity(mtls::material::Input::bytes(&bytes))
        .unwrap();
    assert_eq!(identity.chain(), same.chain());
    assert_eq!(
        identity.chain().as_slice()[0].as_ref(),
        fixture("rsa.crt.der")
    );
    says(
        mtls::Loader::new().load_identity(mtls::material::Input::bytes(&bytes)),
        &["PKCS#12", "passphrase"],
    );
    let wrong = mtls::Passphrase::new("wrong");
    let error = mtls::Loader::new()
        .passphrase(wrong.clone())
        .load_identity(path("rsa.p12"))
        .unwrap_err();
    assert!(matches!(
        error.problem(),
        MaterialProblem::WrongPassphrase { .. }
    ));
    assert_eq!(error.origin(), &MaterialOrigin::File(path("rsa.p12")));

    for result in [
        mtls::Loader::new()
            .passphrase(passphrase.clone())
            .load_key(mtls::material::Input::bytes(&bytes))
            .map(drop),
        mtls::Loader::new()
            .load_chain(mtls::material::Input::bytes(&bytes))
            .map(drop),
        mtls::Loader::new()
            .passphrase(passphrase.clone())
            .load_key_pair(path("rsa.p12"), path("rsa.p12"))
            .map(drop),
    ] {
        says(
            result,
            &["this is PKCS#12", "hint: `Loader::load_identity`"],
        );
    }
}
