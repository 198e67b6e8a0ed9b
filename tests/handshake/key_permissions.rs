//! Keys whose file every user of the machine may read.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use mtls::backend::{BackendKind, ClientBackend, ServerBackend};
use mtls::material::{IdentityWarning, KeyPermissions};
use mtls::{
    BuildError, Event, MtlsClient, MtlsIdentity, MtlsServer, Report, TrustAnchors, VerifierPolicy,
};
use tempfile::TempDir;

use crate::common::backends::{with_client_backend, with_server_backend};
use crate::common::pki::Cast;

/// A client's files; the key's has this mode.
fn files(cast: &Cast, mode: u32) -> (TempDir, PathBuf, PathBuf) {
    let folder = TempDir::new().unwrap();
    let (chain, key) = (folder.path().join("a.crt"), folder.path().join("a.key"));
    fs::write(&chain, cast.alice.chain_pem()).unwrap();
    fs::write(&key, cast.alice.key_pem()).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
    (folder, chain, key)
}

/// What the observer of a build heard about the identity.
type Received = Result<Vec<IdentityWarning>, BuildError>;

/// Builds every end there is, with this setting or the initial one: all of them must agree.
fn build(cast: &Cast, identity: &MtlsIdentity, permissions: Option<KeyPermissions>) -> Received {
    let anchors = TrustAnchors::from_der([cast.root.certificate()]).unwrap();
    let client = |backend: &dyn Fn(mtls::ClientBuilder) -> Result<(), BuildError>| {
        let received = Arc::new(Mutex::new(Vec::new()));
        let builder = MtlsClient::builder()
            .identity(identity.clone())
            .trust_anchors(anchors.clone())
            .observer(listener(&received));
        backend(match permissions {
            Some(permissions) => builder.key_permissions(permissions),
            None => builder,
        })
        .map(|()| std::mem::take(&mut *received.lock().unwrap()))
    };
    let server = |backend: &dyn Fn(mtls::ServerBuilder) -> Result<(), BuildError>| {
        let received = Arc::new(Mutex::new(Vec::new()));
        let builder = MtlsServer::builder()
            .identity(identity.clone())
            .trust_anchors(anchors.clone())
            .policy(VerifierPolicy::allow_any_authenticated())
            .observer(listener(&received));
        backend(match permissions {
            Some(permissions) => builder.key_permissions(permissions),
            None => builder,
        })
        .map(|()| std::mem::take(&mut *received.lock().unwrap()))
    };
    // Not every set of features has a server.
    let _ = &server;
    fn as_client<B: ClientBackend + Clone>(
        backend: B,
    ) -> impl Fn(mtls::ClientBuilder) -> Result<(), BuildError> {
        move |builder| builder.build(backend.clone()).map(drop)
    }
    fn as_server<B: ServerBackend + Clone>(
        backend: B,
    ) -> impl Fn(mtls::ServerBuilder) -> Result<(), BuildError> {
        move |builder| builder.build(backend.clone()).map(drop)
    }
    let ends = |kind: BackendKind| {
        let client = with_client_backend!(kind, |backend| client(&as_client(backend)));
        let server = with_server_backend!(kind, |backend| server(&as_server(backend)));
        client.into_iter().chain(server)
    };
    let all: Vec<Received> = BackendKind::ALL
        .iter()
        .flat_map(|kind| ends(*kind))
        .collect();
    let said: Vec<String> = all.iter().map(|received| format!("{received:?}")).collect();
    assert!(said.windows(2).all(|pair| pair[0] == pair[1]), "{said:#?}");
    all.into_iter().next().expect("no backend is compiled in")
}

fn listener(
    received: &Arc<Mutex<Vec<IdentityWarning>>>,
) -> impl Fn(&Event<'_>) + Send + Sync + 'static {
    let received = Arc::clone(received);
    move |event| match event {
        // The one identity is a client's, and servers are built with it, too.
        Event::IdentityWarning(IdentityWarning::MissingPurpose { .. }) => {}
        Event::IdentityWarning(warning) => received.lock().unwrap().push((*warning).clone()),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_exposed(cast: &Cast, identity: &MtlsIdentity, path: &Path, mode: u32) {
    let is_it = |warnings: &[IdentityWarning]| match warnings {
        [IdentityWarning::InsecureKeyFile(exposure)] => {
            exposure.path == path && exposure.mode == mode
        }
        _ => false,
    };
    assert!(is_it(identity.warnings()), "{:?}", identity.warnings());
    for permissions in [None, Some(KeyPermissions::Warn)] {
        let received = build(cast, identity, permissions).unwrap();
        assert!(is_it(&received), "{received:?}");
    }
    let ignored = build(cast, identity, Some(KeyPermissions::Ignore)).unwrap();
    assert!(ignored.is_empty(), "{ignored:?}");
    let error = build(cast, identity, Some(KeyPermissions::Deny)).unwrap_err();
    let fact = error.to_string();
    for part in [&*path.to_string_lossy(), &format!("mode {mode:04o}")] {
        assert!(fact.contains(part), "{part} is not in {fact}");
    }
    let hint = Report::new(&error).hint().unwrap();
    for part in [
        &*format!("chmod 600 {}", path.display()),
        "defaultMode: 0400",
    ] {
        assert!(hint.contains(part), "{part} is not in {hint}");
    }
    let BuildError::InsecureKeyFile {
        path: named,
        mode: reported,
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!((&*named, reported), (path, mode));
}

#[test]
fn files_that_are_open_to_everybody() {
    let cast = Cast::assemble();
    for mode in [0o644, 0o604, 0o666, 0o602, 0o777] {
        let (_folder, chain, key) = files(&cast, mode);
        let identity = MtlsIdentity::from_files(&chain, &key).unwrap();
        assert_exposed(&cast, &identity, &key, mode);
    }
}

/// Whatever way the key takes from its file into an identity.
#[test]
fn copies_and_encrypted_readers_remember_the_file() {
    let cast = Cast::assemble();
    let (_folder, chain, key) = files(&cast, 0o644);
    let read_chain = || mtls::CertificateChain::from_file(&chain).unwrap();
    let read = mtls::PrivateKey::from_file(&key).unwrap();
    let copied = MtlsIdentity::new(read_chain(), read.clone_key()).unwrap();
    assert_exposed(&cast, &copied, &key, 0o644);
    #[cfg(feature = "encrypted-keys")]
    {
        let passphrase = mtls::Passphrase::new("unused");
        let read = mtls::Loader::new()
            .passphrase(passphrase.clone())
            .load_key(&key)
            .unwrap();
        let identity = MtlsIdentity::new(read_chain(), read).unwrap();
        assert_exposed(&cast, &identity, &key, 0o644);
        let identity = mtls::Loader::new()
            .passphrase(passphrase.clone())
            .load_key_pair(&chain, &key)
            .unwrap();
        assert_exposed(&cast, &identity, &key, 0o644);
    }
}

#[test]
fn files_that_are_not() {
    let cast = Cast::assemble();
    for mode in [0o400, 0o600, 0o640, 0o440, 0o601, 0o650] {
        let (_folder, chain, key) = files(&cast, mode);
        let identity = MtlsIdentity::from_files(&chain, &key).unwrap();
        for permissions in [KeyPermissions::Deny, KeyPermissions::Warn] {
            let received = build(&cast, &identity, Some(permissions)).unwrap();
            assert!(received.is_empty(), "{mode:o}: {received:?}");
        }
    }
}

/// Who may write the file puts a key of his own there.
#[test]
fn files_that_the_group_may_write() {
    let cast = Cast::assemble();
    for mode in [0o660, 0o620, 0o670] {
        let (_folder, chain, key) = files(&cast, mode);
        let identity = MtlsIdentity::from_files(&chain, &key).unwrap();
        assert_exposed(&cast, &identity, &key, mode);
        let said = identity.warnings()[0].to_string();
        assert!(said.contains("writable by its group"), "{said}");
        assert!(!said.contains("every user"), "{said}");
    }
}

/// The command is what a shell takes as it is meant.
#[test]
fn the_command_closes_files_of_any_name() {
    let cast = Cast::assemble();
    for name in ["a key", "it's", "$(touch x)", "two\nlines", "-x"] {
        let (folder, chain, key) = files(&cast, 0o644);
        let odd = folder.path().join(name);
        fs::rename(key, &odd).unwrap();
        let identity = MtlsIdentity::from_files(&chain, &odd).unwrap();
        let denied = build(&cast, &identity, Some(KeyPermissions::Deny)).unwrap_err();
        assert!(!denied.to_string().contains('\n'), "{denied}");
        for said in [
            identity.warnings()[0].hint().into_owned(),
            denied.hint().into_owned(),
        ] {
            assert!(!said.contains('\n'), "{said}");
            let command = said.split('`').find(|part| part.starts_with("chmod"));
            let mut shell = std::process::Command::new("bash");
            let status = shell.args(["-c", command.unwrap()]).status().unwrap();
            assert!(status.success(), "{said}");
            let mode = fs::metadata(&odd).unwrap().permissions().mode() & 0o7777;
            assert_eq!(mode, 0o600, "{said}");
            fs::set_permissions(&odd, fs::Permissions::from_mode(0o644)).unwrap();
        }
    }
}

/// The passphrase and a copy of the encrypted key give the key.
#[cfg(feature = "encrypted-keys")]
#[test]
fn the_file_of_the_passphrase_counts_too() {
    use mtls::Passphrase;

    use crate::common::openssl_ca::Cas;

    let cast = Cast::assemble();
    let Some(cas) = Cas::new() else { return };
    let folder = cas.path("issuing");
    let encrypted = "-passout pass:secret -out";
    cas.run(
        "issuing",
        &format!("pkcs8 -topk8 -in alice.key {encrypted} pkcs8"),
    );
    cas.run(
        "issuing",
        &format!("pkcs8 -topk8 -in alice.key -outform DER {encrypted} der"),
    );
    cas.run(
        "issuing",
        &format!("ec -in alice.key -aes128 {encrypted} dek"),
    );
    cas.run(
        "issuing",
        &format!("pkcs12 -export -inkey alice.key -in alice.crt -name alice {encrypted} p12"),
    );
    let (chain, secret) = (folder.join("alice.crt"), folder.join("secret"));
    fs::write(&secret, "secret\n").unwrap();
    let passphrase = Passphrase::from_file(&secret);
    for (mode, is_open) in [(0o600, false), (0o640, false), (0o644, true), (0o660, true)] {
        fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).unwrap();
        let with_key = |name: &str| {
            let key = folder.join(name);
            fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
            mtls::Loader::new()
                .passphrase(passphrase.clone())
                .load_key_pair(&chain, key)
                .unwrap()
        };
        let mut identities = vec![with_key("pkcs8"), with_key("der"), with_key("dek")];
        if cfg!(feature = "pkcs12") {
            let container = folder.join("p12");
            fs::set_permissions(&container, fs::Permissions::from_mode(0o600)).unwrap();
            identities.push(
                mtls::Loader::new()
                    .passphrase(passphrase.clone())
                    .load_identity(&container)
                    .unwrap(),
            );
        }
        for identity in identities {
            let denied = build(&cast, &identity, Some(KeyPermissions::Deny));
            if !is_open {
                assert_eq!(denied.unwrap(), []);
                continue;
            }
            let [IdentityWarning::InsecurePassphraseFile(exposure)] = identity.warnings() else {
                panic!("{:?}", identity.warnings());
            };
            assert_eq!((&exposure.path, exposure.mode), (&secret, mode));
            let error = denied.unwrap_err();
            let said = Report::new(&error).to_string();
            assert!(said.contains("the private key's passphrase in "), "{said}");
            assert!(said.contains("chmod 600 "), "{said}");
            assert!(
                matches!(&error, BuildError::InsecurePassphraseFile { path, mode: reported } if (path, *reported) == (&secret, mode)),
                "{error:?}"
            );
            assert_eq!(build(&cast, &identity, None).unwrap(), identity.warnings());
            let ignored = build(&cast, &identity, Some(KeyPermissions::Ignore)).unwrap();
            assert_eq!(ignored, []);
        }
        // It was not asked for, so nothing hangs on it.
        assert_eq!(with_key("alice.key").warnings(), []);
    }
}

#[cfg(feature = "pkcs12")]
#[test]
fn a_chosen_identity_of_an_open_container_is_exposed() {
    use mtls::Passphrase;

    use crate::common::openssl_ca::Cas;

    let cast = Cast::assemble();
    let Some(cas) = Cas::new() else { return };
    cas.run(
        "issuing",
        "pkcs12 -export -inkey alice.key -in alice.crt -name alice -passout pass:a -out p12",
    );
    let container = cas.path("issuing").join("p12");
    let load = |name: &str| {
        mtls::Loader::new()
            .passphrase(Passphrase::new("a"))
            .friendly_name(name)
            .load_identity(&container)
    };
    fs::set_permissions(&container, fs::Permissions::from_mode(0o644)).unwrap();
    assert_exposed(&cast, &load("alice").unwrap(), &container, 0o644);
    fs::set_permissions(&container, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(load("alice").unwrap().warnings(), []);
    let said = load("bob").unwrap_err().to_string();
    assert!(
        said.contains("p12: no private key in it has the friendly name `bob`"),
        "{said}"
    );
}

/// As the kubelet mounts a secret: a link to a file below a link to a folder.
#[test]
fn links_are_followed() {
    let cast = Cast::assemble();
    for mode in [0o400, 0o644] {
        let (folder, _, _) = files(&cast, mode);
        let mount = TempDir::new().unwrap();
        symlink(folder.path(), mount.path().join("..data")).unwrap();
        for name in ["a.crt", "a.key"] {
            let target = Path::new("..data").join(name);
            symlink(target, mount.path().join(name)).unwrap();
        }
        let key = mount.path().join("a.key");
        let identity = MtlsIdentity::from_files(mount.path().join("a.crt"), &key).unwrap();
        match mode {
            0o644 => assert_exposed(&cast, &identity, &key, mode),
            _ => assert!(
                build(&cast, &identity, Some(KeyPermissions::Deny))
                    .unwrap()
                    .is_empty()
            ),
        }
    }
}

#[test]
fn without_an_observer_it_is_quiet() {
    let cast = Cast::assemble();
    let (_folder, chain, key) = files(&cast, 0o644);
    let identity = MtlsIdentity::from_files(&chain, &key).unwrap();
    let builder = || {
        MtlsClient::builder()
            .identity(identity.clone())
            .trust_anchors(TrustAnchors::from_der([cast.root.certificate()]).unwrap())
    };
    let _ = builder;
    #[cfg(feature = "rustls")]
    {
        builder().build(mtls::Rustls::default()).unwrap();
        let denied = builder().key_permissions(KeyPermissions::Deny);
        assert!(denied.build(mtls::Rustls::default()).is_err());
    }
    assert_eq!(identity.warnings().len(), 1);
}

/// A key that was loaded from bytes has no file whose permissions could expose it.
#[test]
fn bytes_are_not_exposed() {
    let cast = Cast::assemble();
    let (chain, key) = (cast.alice.chain_pem(), cast.alice.key_pem());
    let identity = MtlsIdentity::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
    assert!(
        build(&cast, &identity, Some(KeyPermissions::Deny))
            .unwrap()
            .is_empty()
    );
}

#[cfg(all(feature = "openssl", feature = "rustls"))]
#[test]
fn a_version_1_leaf_is_reported_with_any_key_permissions() {
    use crate::common::odd::Odd;
    let cast = Cast::assemble();
    let old = Odd::X509V1.issued_by(&cast.root, "old");
    let identity = MtlsIdentity::from_der(old.chain.clone(), old.key.secret_pkcs8_der()).unwrap();
    for permissions in [
        KeyPermissions::Deny,
        KeyPermissions::Ignore,
        KeyPermissions::Warn,
    ] {
        let received = Arc::new(Mutex::new(Vec::new()));
        MtlsClient::builder()
            .identity(identity.clone())
            .trust_anchors(TrustAnchors::from_der([cast.root.certificate()]).unwrap())
            .key_permissions(permissions)
            .observer(listener(&received))
            .build(mtls::Rustls::default())
            .unwrap();
        let received = received.lock().unwrap();
        assert!(
            matches!(&**received, [IdentityWarning::X509V1Leaf { .. }]),
            "{received:?}"
        );
    }
}

/// A key by itself obeys the loader like an identity.
#[test]
fn a_loader_decides_about_a_key_alone() {
    use mtls::Loader;
    use mtls::error::MaterialProblem;

    let cast = Cast::assemble();
    let (_folder, chain, key) = files(&cast, 0o644);
    let load = |permissions| Loader::new().key_permissions(permissions).load_key(&key);
    let error = load(KeyPermissions::Deny).unwrap_err();
    let MaterialProblem::InsecurePermissions { path, mode } = error.problem() else {
        panic!("{error:?}");
    };
    assert_eq!((path, *mode), (&key, 0o644));
    let with = |key| MtlsIdentity::new(mtls::CertificateChain::from_file(&chain).unwrap(), key);
    let ignored = with(load(KeyPermissions::Ignore).unwrap()).unwrap();
    assert_eq!(ignored.warnings(), []);
    let warned = with(load(KeyPermissions::Warn).unwrap()).unwrap();
    assert_exposed(&cast, &warned, &key, 0o644);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(load(KeyPermissions::Deny).is_ok());
}

#[cfg(feature = "encrypted-keys")]
#[test]
fn a_loader_denies_a_key_whose_passphrase_others_can_read() {
    use mtls::error::MaterialProblem;
    use mtls::{Loader, Passphrase};

    let folder = TempDir::new().unwrap();
    let (key, secret) = (folder.path().join("key"), folder.path().join("secret"));
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/material");
    fs::copy(Path::new(fixtures).join("genrsa_aes256.pem"), &key).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&secret, "correct horse\n").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    let loader = Loader::new().passphrase(Passphrase::from_file(&secret));
    assert!(loader.load_key(&key).is_ok());
    let denied = loader.key_permissions(KeyPermissions::Deny).load_key(&key);
    let error = denied.unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::InsecurePermissions { path, .. } if *path == secret),
        "{error:?}"
    );
}
