//! Files that are replaced, torn and removed, under a server that follows them.

use std::fs;
use std::time::Duration;

use mtls::policy::RevocationDepth;
use mtls::test_util::{TestCa, TestFiles, connect_pair};
use mtls::{FileSource, MtlsServer, RevocationRules, Rustls, VerifierPolicy};

use crate::{NAME, client_builder, wait_until};

fn server(files: &TestFiles) -> MtlsServer<Rustls> {
    let source = FileSource::new()
        .identity(files.chain(), files.key())
        .trust_anchors(files.anchors())
        .revocation_lists(files.revocation_lists())
        .settle_time(Duration::from_millis(50));
    MtlsServer::builder()
        .source(source)
        .poll_interval(Duration::from_millis(200))
        .policy(
            VerifierPolicy::allow_any_authenticated()
                .revocation(RevocationRules::require(RevocationDepth::Leaf)),
        )
        .build(Rustls::default())
        .unwrap()
}

fn written(ca: &TestCa) -> TestFiles {
    let files = TestFiles::temporary();
    files.write_identity(&ca.leaf("server").dns(NAME).issue());
    files.write_anchors(&ca.anchors());
    files.write_revocation_lists(&ca.revocation_lists());
    files
}

#[test]
fn a_server_follows_what_is_written() {
    let ca = TestCa::new("Example CA");
    let files = written(&ca);
    let server = server(&files);
    let identity = ca.leaf("client").issue();
    let client = client_builder(&ca).identity(identity.clone());
    let client = client.build(Rustls::default()).unwrap();
    assert!(connect_pair(&client, &server, NAME).1.is_ok());
    files.write_revocation_lists(&ca.revoke(&identity));
    wait_until("the client is revoked", || {
        connect_pair(&client, &server, NAME).1.is_err()
    });
    let next = ca.leaf("server").dns(NAME).issue();
    files.write_identity(&next);
    wait_until("the next leaf", || {
        let serves = server.handle().status().certificate_sha256();
        serves == next.describe().certificates[0].sha256
    });
}

#[test]
fn torn_mixed_and_vanished_files_are_reported_and_the_old_ones_serve() {
    let ca = TestCa::new("Example CA");
    let files = written(&ca);
    let server = server(&files);
    let client = client_builder(&ca).build(Rustls::default()).unwrap();
    let failures = || server.handle().status().failures();
    let sound = || server.handle().status().last_failure().is_none();
    let next = || ca.leaf("server").dns(NAME).issue();
    let ways: [(&str, &dyn Fn()); 4] = [
        ("a chain is torn", &|| files.tear(&files.chain())),
        ("a key is torn", &|| files.tear(&files.key())),
        ("a chain is of another key", &|| {
            files.write_chain_of(&next());
        }),
        ("the anchors vanish", &|| files.remove(&files.anchors())),
    ];
    for (what, spoil) in ways {
        let before = failures();
        spoil();
        wait_until(what, || failures() > before);
        assert!(connect_pair(&client, &server, NAME).1.is_ok(), "{what}");
        files.write_identity(&next());
        files.write_anchors(&ca.anchors());
        wait_until("everything is well again", sound);
    }
}

#[test]
fn a_temporary_folder_goes_with_its_value() {
    let files = written(&TestCa::new("Example CA"));
    let folder = files.folder().to_owned();
    assert!(fs::exists(files.key()).unwrap());
    // No file lies beside those that were asked for.
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 4);
    drop(files);
    assert!(!fs::exists(&folder).unwrap());
}

#[cfg(unix)]
#[test]
fn a_key_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let files = written(&TestCa::new("Example CA"));
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(files.key()), 0o600);
    files.write_identity(&TestCa::new("Other").leaf("server").issue());
    assert_eq!(mode(files.key()), 0o600);
}
