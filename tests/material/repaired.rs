//! Identities whose certificates are not in order: rejected, and repaired where that is asked for.

use std::fs;

use mtls::MtlsIdentity;
use mtls::error::{MaterialOrigin, MaterialProblem};
use mtls::material::{ChainRepair, IdentityWarning};

use crate::common::loading::{loader, repairs};
use crate::common::openssl_ca::Cas;
use crate::says;

/// Of alice's bundle, all wrong.
const ORDERS: [&str; 3] = [
    "ca.crt alice.crt KEY",
    "KEY ../root/ca.crt ca.crt alice.crt alice.crt",
    "ca.crt KEY server.crt alice.crt",
];

/// The same key in every format that a bundle may have it in, and its passphrase.
fn keys(cas: &Cas) -> Vec<(&'static str, Option<mtls::Passphrase>)> {
    cas.run("issuing", "ec -in alice.key -out sec1");
    let mut keys = vec![("alice.key", None), ("sec1", None)];
    if cfg!(feature = "encrypted-keys") {
        for (name, make) in [
            ("pkcs8", "pkcs8 -topk8 -in alice.key"),
            ("dek", "ec -in alice.key -aes256"),
        ] {
            cas.run(
                "issuing",
                &format!("{make} -passout pass:secret -out {name}"),
            );
            keys.push((name, Some(mtls::Passphrase::new("secret"))));
        }
    }
    keys
}

#[test]
fn bundles_in_a_wrong_order() {
    let Some(cas) = Cas::new() else { return };
    let expected = ["issuing/alice.crt", "issuing/ca.crt"].map(|path| cas.certificate(path));
    let folder = cas.path("issuing");
    let file = folder.join("bundle.pem");
    for (key, passphrase) in keys(&cas) {
        let passphrase = passphrase.as_ref();
        for order in ORDERS {
            let parts = order.replace("KEY", key);
            let read = |name: &str| fs::read(folder.join(name)).unwrap();
            fs::write(&file, parts.split(' ').flat_map(read).collect::<Vec<_>>()).unwrap();
            says(
                loader(passphrase).load_identity(&file),
                &[
                    "the key belongs to certificate",
                    "hint: `Loader::repair_chain`",
                    "bundle.pem",
                ],
            );
            let identity = loader(passphrase)
                .repair_chain(true)
                .load_identity(&file)
                .unwrap();
            let done = repairs(&identity);
            assert_eq!(identity.chain().as_slice(), expected, "{order} {key}");
            assert!(done.iter().any(|r| matches!(r, ChainRepair::Moved { .. })));
            let bytes = fs::read(&file).unwrap();
            let same = loader(passphrase)
                .repair_chain(true)
                .load_identity(mtls::material::Input::bytes(&bytes))
                .unwrap();
            let same_repairs = repairs(&same);
            assert_eq!((same.chain(), same_repairs), (identity.chain(), done));

            // In two files.
            let chain = folder.join("chain.pem");
            let parts = order.replace("KEY", "");
            fs::write(
                &chain,
                parts.split_whitespace().flat_map(read).collect::<Vec<_>>(),
            )
            .unwrap();
            says(
                loader(passphrase).load_key_pair(&chain, folder.join(key)),
                &["chain.pem and ", "hint: `Loader::repair_chain`"],
            );
            let identity = loader(passphrase)
                .repair_chain(true)
                .load_key_pair(&chain, folder.join(key))
                .unwrap();
            let done = repairs(&identity);
            assert_eq!(identity.chain().as_slice(), expected);
            assert!(!done.is_empty());
        }
    }
}

#[test]
fn what_is_in_order_is_left_alone() {
    let Some(cas) = Cas::new() else { return };
    let folder = cas.path("issuing");
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let bundle = ["alice.key", "alice.crt", "ca.crt"].map(read).concat();
    let identity = mtls::Loader::new()
        .repair_chain(true)
        .load_identity(mtls::material::Input::bytes(&bundle))
        .unwrap();
    let done = repairs(&identity);
    assert_eq!(
        identity.chain(),
        mtls::Loader::new()
            .load_identity(mtls::material::Input::bytes(&bundle))
            .unwrap()
            .chain()
    );
    assert_eq!(done, []);

    #[cfg(feature = "pkcs12")]
    {
        cas.run(
            "issuing",
            "pkcs12 -export -inkey alice.key -in alice.crt -certfile ca.crt -passout pass:a -out a.p12",
        );
        let passphrase = mtls::Passphrase::new("a");
        let made = folder.join("a.p12");
        let identity = mtls::Loader::new()
            .passphrase(passphrase.clone())
            .repair_chain(true)
            .load_identity(made)
            .unwrap();
        let done = repairs(&identity);
        assert_eq!(identity.chain().as_slice().len(), 2);
        assert_eq!(done, []);
    }
}

#[test]
fn what_cannot_be_repaired_names_the_file() {
    let Some(cas) = Cas::new() else { return };
    let folder = cas.path("issuing");
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let file = folder.join("bundle.pem");
    fs::write(
        &file,
        ["ca.crt", "server.crt", "alice.key"].map(read).concat(),
    )
    .unwrap();
    let error = mtls::Loader::new()
        .repair_chain(true)
        .load_identity(&file)
        .unwrap_err();
    assert!(matches!(
        error.problem(),
        MaterialProblem::KeyMismatch { .. }
    ));
    assert_eq!(error.origin(), &MaterialOrigin::File(file));
    let (chain, key) = (folder.join("ca.crt"), folder.join("alice.key"));
    let error = mtls::Loader::new()
        .repair_chain(true)
        .load_key_pair(&chain, &key)
        .unwrap_err();
    assert_eq!(error.origin(), &MaterialOrigin::Pair { chain, key });
}

/// A bundle that others may read stays one that others may read.
#[cfg(unix)]
#[test]
fn open_files_are_warned_of() {
    use std::os::unix::fs::PermissionsExt;

    let Some(cas) = Cas::new() else { return };
    let folder = cas.path("issuing");
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let file = folder.join("bundle.pem");
    fs::write(
        &file,
        ["ca.crt", "alice.crt", "alice.key"].map(read).concat(),
    )
    .unwrap();
    for (mode, expected) in [(0o644, 1), (0o600, 0)] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let identity = mtls::Loader::new()
            .repair_chain(true)
            .load_identity(&file)
            .unwrap();
        let of_file =
            |warning: &&IdentityWarning| matches!(warning, IdentityWarning::InsecureKeyFile(_));
        assert_eq!(
            identity.warnings().iter().filter(of_file).count(),
            expected,
            "{mode:o}"
        );
        let others = identity.warnings().len() - expected;
        assert_eq!(others, repairs(&identity).len(), "{mode:o}");
    }
}

#[test]
fn in_pkcs7_the_key_reports_the_leaf() {
    let Some(cas) = Cas::new() else { return };
    let folder = cas.path("issuing");
    cas.run(
        "issuing",
        "crl2pkcs7 -nocrl -certfile ca.crt -certfile alice.crt -certfile server.crt -out two.p7b",
    );
    let chain = folder.join("two.p7b");
    for name in ["alice", "server"] {
        let key = folder.join(format!("{name}.key"));
        let expected = [format!("issuing/{name}.crt"), "issuing/ca.crt".to_owned()];
        let expected = expected.map(|path| cas.certificate(&path));
        let identity = MtlsIdentity::from_files(&chain, &key).unwrap();
        assert_eq!(identity.chain().as_slice(), expected);
        let identity = mtls::Loader::new()
            .repair_chain(true)
            .load_key_pair(&chain, &key)
            .unwrap();
        let done = repairs(&identity);
        assert_eq!(identity.chain().as_slice(), expected);
        assert_eq!(done, []);
    }
    says(
        MtlsIdentity::from_files(&chain, cas.path("root").join("ca.key")),
        &["two.p7b and ", "does not belong to the leaf"],
    );
}
