//! Credentials of systemd: files in the folder that the environment names.
//!
//! systemd itself does not run here. What it does for a service is done by hand: a folder that its user alone may read,
//! with one file for each `LoadCredential=`, mode 0400, and its path in the environment of a process of its own.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use mtls::error::{MaterialOrigin, MaterialProblem};
use mtls::material::Input;
use mtls::{Loader, MaterialError, Passphrase, TrustAnchors};

use super::common::pki::{Authority, Leaf};
use super::common::programs::run;

const VARIABLE: &str = "CREDENTIALS_DIRECTORY";
/// Which part a process of its own plays.
const CHILD: &str = "MTLS_TEST_CREDENTIALS";

/// Runs this test again as a service with this variable.
fn start(test: &str, part: &str, folder: Option<&OsStr>) {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", test, "--nocapture"]);
    child.env(CHILD, part).env_remove(VARIABLE);
    folder.map(|folder| child.env(VARIABLE, folder));
    let said = run(&mut child, b"", Duration::from_secs(60)).expect_success();
    assert!(said.contains("1 passed"), "{said}");
}

fn write(folder: &Path, name: &str, content: &str) {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o400)).unwrap();
}

#[test]
fn they_are_found_in_the_folder_of_the_service() {
    if env::var_os(CHILD).is_some() {
        let loader = Loader::new();
        let [chain, key] = ["tls.crt", "tls.key"].map(Input::credential);
        let identity = loader.load_key_pair(chain, key.clone()).unwrap();
        assert_eq!(identity.describe().certificates[0].subject, "CN=web");
        assert_eq!(identity.warnings().len(), 0, "{:?}", identity.warnings());
        loader.load_anchors(Input::credential("ca.crt")).unwrap();
        assert_eq!(format!("{key:?}"), "Credential(\"tls.key\")");
        let path = Input::credential_path("ca.crt").unwrap();
        TrustAnchors::from_file(path).unwrap();
        drop(Passphrase::from_file(
            Input::credential_path("passphrase").unwrap(),
        ));

        // One that the unit does not name.
        let error = loader.load_anchors(Input::credential("other.crt"));
        let error = error.unwrap_err().to_string();
        let folder = env::var(VARIABLE).unwrap();
        assert!(
            error.starts_with(&format!("{folder}/other.crt: ")),
            "{error}"
        );
        // Two that do not belong together are both named.
        let error =
            loader.load_key_pair(Input::credential("tls.crt"), Input::credential("other.key"));
        let error = error.unwrap_err();
        assert!(
            matches!(error.origin(), MaterialOrigin::Pair { .. }),
            "{error}"
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = Authority::named("Root");
    let web = Leaf::named("web").server().issued_by(&root);
    let other = Leaf::named("other").server().issued_by(&root);
    write(folder.path(), "tls.crt", &web.chain_pem());
    write(folder.path(), "tls.key", &web.key_pem());
    write(folder.path(), "other.key", &other.key_pem());
    write(folder.path(), "ca.crt", &root.pem());
    start(
        "credentials::they_are_found_in_the_folder_of_the_service",
        "found",
        Some(folder.path().as_os_str()),
    );
}

#[track_caller]
fn is_without_folder(error: &MaterialError) {
    assert!(
        matches!(error.problem(), MaterialProblem::NoCredentialsDirectory),
        "{error}"
    );
    let words = "the credential tls.key: CREDENTIALS_DIRECTORY is not set to an absolute path";
    assert_eq!(error.to_string(), words);
    assert!(error.hint().contains("LoadCredential=NAME:PATH"));
}

/// A process that systemd did not start, and one whose variable is wrong.
#[test]
fn without_the_folder_the_error_says_so() {
    if env::var_os(CHILD).is_some() {
        is_without_folder(
            &Loader::new()
                .load_key(Input::credential("tls.key"))
                .unwrap_err(),
        );
        is_without_folder(&Input::credential_path("tls.key").unwrap_err());
        return;
    }
    for folder in [None, Some(""), Some("relative/folder")] {
        start(
            "credentials::without_the_folder_the_error_says_so",
            "missing",
            folder.map(OsStr::new),
        );
    }
}

/// A name that leads out of the folder is rejected before anything is looked for.
#[test]
fn a_name_leads_nowhere_else() {
    let long = "x".repeat(256);
    for name in [
        "",
        ".",
        "..",
        "/etc/passwd",
        "../tls.key",
        "a/b",
        "tls.key/",
        "./tls.key",
        "a\nb",
        "a\0b",
        &long,
    ] {
        for error in [
            Loader::new().load_key(Input::credential(name)).unwrap_err(),
            Input::credential_path(name).unwrap_err(),
        ] {
            assert!(
                matches!(error.problem(), MaterialProblem::InvalidCredentialName),
                "{name:?}: {error}"
            );
            assert_eq!(
                error.origin(),
                &MaterialOrigin::Credential(name.into()),
                "{name:?}"
            );
            assert!(!error.to_string().contains(char::is_control), "{error}");
        }
    }
}
