//! Chains with their keys: bundles, pairs of files, containers.

use std::fs;

use mtls::MtlsIdentity;
use mtls::material::IdentityWarning;

use crate::{fixture, path, says};

#[test]
fn bundles_load_by_their_content() {
    let identity = MtlsIdentity::from_pem_files(path("rsa.crt"), path("rsa_pkcs8.pem")).unwrap();
    let (chain, key) = (fixture("rsa.crt"), fixture("rsa_pkcs8.pem"));
    for parts in [[&chain, &key], [&key, &chain]] {
        let bundle = MtlsIdentity::from_bytes(&parts.map(Vec::as_slice).concat(), None).unwrap();
        assert_eq!(bundle.chain(), identity.chain());
    }
    let der = MtlsIdentity::from_files(path("rsa.crt.der"), path("rsa_pkcs1.pem"), None).unwrap();
    assert_eq!(der.chain(), identity.chain());
    says(
        MtlsIdentity::from_bytes(&fixture("rsa.crt.der"), None),
        &[
            "this is a certificate, expected",
            "`MtlsIdentity::from_files`",
        ],
    );
    says(
        MtlsIdentity::from_files(path("rsa.crt.der"), path("rsa.crt.der"), None),
        &["rsa.crt.der: found a certificate where a private key"],
    );
    says(
        MtlsIdentity::from_files(path("ed25519.pem"), path("ed25519.pem"), None),
        &["ed25519.pem: section 0", "found a private key where"],
    );
    says(
        MtlsIdentity::from_files(path("rsa.crt.der"), path("ed25519.pem"), None),
        &[
            "rsa.crt.der and ",
            "ed25519.pem: the private key (Ed25519, ",
        ],
    );
    says(MtlsIdentity::from_bytes(&chain, None), &["no private key"]);
    says(MtlsIdentity::from_bytes(&key, None), &["no certificate"]);
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
            [(MtlsIdentity::from_file(&made, Some(&passphrase)), made)]
        };
        let plain = [
            (
                MtlsIdentity::from_files(path("rsa.crt"), &key, None),
                key.clone(),
            ),
            (MtlsIdentity::from_file(&bundle, None), bundle.clone()),
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
    use mtls::{CertificateChain, PrivateKey};

    let passphrase = mtls::Passphrase::new("correct horse");
    let bytes = fixture("rsa.p12");
    let identity = MtlsIdentity::from_bytes(&bytes, Some(&passphrase)).unwrap();
    let same = MtlsIdentity::from_pkcs12(&bytes, &passphrase).unwrap();
    assert_eq!(identity.chain(), same.chain());
    assert_eq!(
        identity.chain().as_slice()[0].as_ref(),
        fixture("rsa.crt.der")
    );
    says(
        MtlsIdentity::from_bytes(&bytes, None),
        &["PKCS#12", "passphrase"],
    );
    let wrong = mtls::Passphrase::new("wrong");
    let error = MtlsIdentity::from_file(path("rsa.p12"), Some(&wrong)).unwrap_err();
    assert!(matches!(
        error.problem(),
        MaterialProblem::WrongPassphrase { .. }
    ));
    assert_eq!(error.origin(), &MaterialOrigin::File(path("rsa.p12")));

    for result in [
        PrivateKey::from_bytes(&bytes, Some(&passphrase)).map(drop),
        CertificateChain::from_bytes(&bytes).map(drop),
        MtlsIdentity::from_files(path("rsa.p12"), path("rsa.p12"), Some(&passphrase)).map(drop),
    ] {
        says(result, &["this is PKCS#12", "`MtlsIdentity::from_pkcs12`"]);
    }
}
