//! Where passphrases come from, and what is said when they do not come.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mtls::error::{MaterialProblem, PassphraseFlaw, PassphraseOrigin};
use mtls::{MaterialError, Passphrase, PrivateKey};

use crate::common::programs::run;
use crate::path;

const ENCRYPTED: &str = "ed25519_pbes2_aes-256-cbc.pem";
const RIGHT: &str = "correct horse";

fn load(passphrase: &Passphrase) -> Result<PrivateKey, MaterialError> {
    let key = mtls::Loader::new()
        .passphrase(passphrase.clone())
        .load_key(path(ENCRYPTED))?;
    let plain = PrivateKey::from_file(path("ed25519.pem")).unwrap();
    assert_eq!(key.pkcs8_der(), plain.pkcs8_der());
    Ok(key)
}

/// Asserts that the passphrase does not come, and that all that is said of it has the parts, and not the secret.
#[track_caller]
fn does_not_come(passphrase: &Passphrase, parts: &[&str], secret: &str) {
    let error = load(passphrase).unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::Passphrase { .. }),
        "{error}"
    );
    let text = mtls::Report::new(&error).to_string();
    for part in [ENCRYPTED].iter().chain(parts) {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
    for text in [text, format!("{error:?} {passphrase:?}")] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn a_function_is_asked_each_time_and_only_when_needed() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let passphrase = Passphrase::from_fn(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(RIGHT.to_owned())
    });
    mtls::Loader::new()
        .passphrase(passphrase.clone())
        .load_key(path("ed25519.pem"))
        .unwrap();
    // Rejected for its cost before the passphrase would be of use.
    mtls::Loader::new()
        .passphrase(passphrase.clone())
        .load_key(path("ed25519_costly.pem"))
        .unwrap_err();
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    load(&passphrase).unwrap();
    load(&passphrase.clone()).unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 2);

    let passphrase = Passphrase::from_fn(|| Err("the vault is sealed".into()));
    let parts = ["the given function", "the vault is sealed"];
    does_not_come(&passphrase, &parts, RIGHT);
}

#[test]
fn one_line_break_at_the_end_of_a_file_is_no_part_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passphrase");
    let passphrase = Passphrase::from_file(&file);
    for end in ["", "\n", "\r\n"] {
        fs::write(&file, format!("{RIGHT}{end}")).unwrap();
        load(&passphrase).unwrap_or_else(|e| panic!("{end:?}: {e}"));
    }
    for text in ["correct horse\n\n", " correct horse", "correct horse \n"] {
        fs::write(&file, text).unwrap();
        let error = load(&passphrase).unwrap_err();
        assert!(
            matches!(error.problem(), MaterialProblem::WrongPassphrase { .. }),
            "{text:?}: {error}"
        );
    }
}

#[test]
fn an_error_explains_the_start_of_relative_paths_alone() {
    let reported = |path: &std::path::Path| {
        let error = mtls::TrustAnchors::from_file(path).unwrap_err();
        assert!(
            error.to_string().contains("there is no such file"),
            "{error}"
        );
        error.hint().contains("in which the program was started")
    };
    let folder = tempfile::tempdir().unwrap();
    assert!(reported("no-such-folder/ca.crt".as_ref()));
    assert!(!reported(&folder.path().join("ca.crt")));
}

#[test]
fn a_file_that_holds_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passphrase");
    let name = file.display().to_string();
    let passphrase = Passphrase::from_file(&file);
    does_not_come(&passphrase, &[&name, "there is no such file"], RIGHT);
    fs::write(&file, b"hunter2\xff").unwrap();
    does_not_come(&passphrase, &[&name, "it is not UTF-8"], "hunter2");
    fs::write(&file, vec![b'h'; Passphrase::MAX_BYTES + 1]).unwrap();
    does_not_come(&passphrase, &[&name, "more than 4096 bytes"], "hhhh");
    let passphrase = Passphrase::from_file(folder.path());
    does_not_come(&passphrase, &["a directory"], RIGHT);
}

#[test]
fn the_length_is_limited_wherever_it_comes_from() {
    let longest = "h".repeat(Passphrase::MAX_BYTES);
    let error = load(&Passphrase::new(&*longest)).unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::WrongPassphrase { .. }),
        "{error}"
    );
    let longer = longest + "h";
    let parts = ["it has more than 4096 bytes"];
    does_not_come(&Passphrase::new(&*longer), &parts, "hhhh");
    let called = Passphrase::from_fn(move || Ok(longer.clone()));
    does_not_come(&called, &parts, "hhhh");
}

/// Set for the child; a process cannot change its own environment while others read it.
const CHILD: &str = "MTLS_TEST_PASSPHRASE_IS";
const VARIABLE: &str = "MTLS_TEST_PASSPHRASE";

#[test]
fn the_environment_is_read() {
    if let Ok(expected) = env::var(CHILD) {
        let passphrase = Passphrase::from_env(VARIABLE);
        match expected.as_str() {
            "right" => drop(load(&passphrase).unwrap()),
            reason => does_not_come(
                &passphrase,
                &["the environment variable MTLS_TEST_PASSPHRASE", reason],
                "hunter2",
            ),
        }
        println!("seen: {expected}");
        return;
    }
    #[cfg(unix)]
    let broken: &OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"hunter2\xff");
    for (value, expected) in [
        (Some(OsStr::new(RIGHT)), "right"),
        (None, "it is not set"),
        #[cfg(unix)]
        (Some(broken), "it is not UTF-8"),
    ] {
        let mut child = Command::new(env::current_exe().unwrap());
        let this = "passphrase::the_environment_is_read";
        child.args(["--exact", this, "--nocapture"]);
        child.env(CHILD, expected).env_remove(VARIABLE);
        if let Some(value) = value {
            child.env(VARIABLE, value);
        }
        let said = run(&mut child, b"", Duration::from_secs(60)).expect_success();
        assert!(said.contains(&format!("seen: {expected}")), "{said}");
    }
}

#[test]
fn a_wrong_one_says_where_it_came_from() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passphrase");
    let wrong = |passphrase: &Passphrase, origin: PassphraseOrigin, mistake| {
        for name in FILES {
            let error = mtls::Loader::new()
                .passphrase(passphrase.clone())
                .load_key(path(name))
                .unwrap_err();
            let said = mtls::Report::new(&error).to_string();
            let MaterialProblem::WrongPassphrase { from, flaw } = error.problem() else {
                panic!("{said}");
            };
            assert_eq!((from, *flaw), (&origin, mistake));
            let part = match mistake {
                None => "hint: try it by",
                Some(PassphraseFlaw::Empty) => "hint: the passphrase is empty",
                _ => "hint: the passphrase ends in a blank or a line break",
            };
            let fact = format!("the passphrase from {origin} does not");
            crate::error_says(&error, &[&fact, part, "hint: try it by `openssl"]);
            assert!(!format!("{error:?}{said}").contains("hunter2"), "{said}");
        }
    };
    const FILES: [&str; 2] = [ENCRYPTED, "rsa_legacy_aes256.pem"];
    let end = Some(PassphraseFlaw::TrailingWhitespace);
    let empty = Some(PassphraseFlaw::Empty);
    let value = || PassphraseOrigin::Value;
    wrong(&Passphrase::new("hunter2"), value(), None);
    wrong(&Passphrase::new(""), value(), empty);
    for blank in [" ", "\n", "\t", "\u{a0}"] {
        let passphrase = Passphrase::new(format!("hunter2{blank}"));
        wrong(&passphrase, value(), end);
    }
    let called = Passphrase::from_fn(|| Ok("hunter2\n".to_owned()));
    wrong(&called, PassphraseOrigin::Function, end);
    let from_file = Passphrase::from_file(&file);
    let named = || PassphraseOrigin::File(file.clone());
    fs::write(&file, "hunter2\n").unwrap();
    wrong(&from_file, named(), None);
    fs::write(&file, "hunter2\n\n").unwrap();
    wrong(&from_file, named(), end);
    fs::write(&file, "\n").unwrap();
    wrong(&from_file, named(), empty);

    #[cfg(feature = "pkcs12")]
    {
        let error = mtls::Loader::new()
            .passphrase(called.clone())
            .load_identity(path("rsa.p12"))
            .unwrap_err();
        crate::error_says(
            &error,
            &[
                "from the given function does not",
                "hint: ends in a blank or a line break",
            ],
        );
    }
}

/// The variable is this process' own, which has a `PATH` that opens nothing.
#[test]
fn a_wrong_one_names_its_variable() {
    let error = load(&Passphrase::from_env("PATH")).unwrap_err();
    let MaterialProblem::WrongPassphrase { from, .. } = error.problem() else {
        panic!("{error}");
    };
    assert_eq!(from, &PassphraseOrigin::Variable("PATH".into()));
    assert!(
        error
            .to_string()
            .contains("from the environment variable PATH does not"),
        "{error}"
    );
}
