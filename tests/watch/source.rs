//! The source alone: what one `load` gives.

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(feature = "encrypted-keys")]
use mtls::Passphrase;
use mtls::error::MaterialProblem;
use mtls::rotation::ReloadTrigger;
use mtls::{FileSource, MaterialError, Source};

use super::common::pki::crl::Crl;
use super::common::pki::{Authority, certificate_pem};
use super::place::{Place, crl_pem};

/// What it gives, as it shows itself, and how long it took.
fn load(source: &mut FileSource) -> (Result<String, Arc<MaterialError>>, Duration) {
    let started = Instant::now();
    let outcome = source.load(&ReloadTrigger::default());
    let outcome = outcome.map(|rotation| format!("{rotation:?}"));
    let outcome = outcome.map_err(|error| Arc::clone(error.downcast_ref().unwrap()));
    (outcome, started.elapsed())
}

#[track_caller]
fn given(source: &mut FileSource) -> String {
    load(source).0.unwrap()
}

#[track_caller]
fn rejected(source: &mut FileSource) -> Arc<MaterialError> {
    load(source).0.unwrap_err()
}

#[test]
fn everything_that_is_named_is_given_with_its_origin() {
    let place = Place::new();
    place.write("ca.crl", crl_pem(&Crl::new().signed_by(&place.root)));
    place.write("sub.crl", Crl::new().signed_by(&place.intermediate));
    let mut files = place
        .files()
        .revocation_lists(place.path("ca.crl"))
        .revocation_lists(place.path("sub.crl"));
    let text = given(&mut files);
    for part in [
        "CN=first",
        "CN=Ivo Intermediate",
        "tls.crt",
        "tls.key",
        "ca.crt",
        "ca.crl",
        "sub.crl",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(text.matches("RevocationList {").count(), 2, "{text}");
    assert!(text.contains("degraded: None"), "{text}");
    // The settings that are not of files stay as they are.
    assert!(text.contains("policy: None"), "{text}");
    assert!(FileSource::new().load(&ReloadTrigger::default()).is_err());
}

#[test]
fn one_file_a_folder_and_a_container_are_taken() {
    let place = Place::new();
    let second = place.server("second");
    place.write("both.pem", second.key_pem() + &second.chain_pem());
    fs::create_dir(place.path("anchors")).unwrap();
    place.write("anchors/1.crt", place.root.pem());
    let mut files = FileSource::new()
        .identity_file(place.path("both.pem"))
        .trust_anchors_directory(place.path("anchors"));
    assert!(given(&mut files).contains("CN=second"));
    let other = Authority::named("Other Root");
    place.write("anchors/2.der", other.certificate());
    assert!(given(&mut files).contains("CN=Other Root"));
    fs::remove_file(place.path("anchors/2.der")).unwrap();
    assert!(!given(&mut files).contains("CN=Other Root"));
    place.write("anchors/README", "keep out");
    let error = rejected(&mut files).to_string();
    assert!(error.contains("anchors/README"), "{error}");
}

#[test]
fn what_has_not_settled_is_not_taken() {
    let place = Place::new();
    let mut files = place.files().settle_time(Duration::from_millis(200));
    given(&mut files);
    let second = place.server("second");
    let [leaf, intermediate] = &*second.chain else {
        panic!("{}", second.chain.len())
    };
    // The key first, and a chain that is whole at 30 ms and 60 ms without being so.
    let third = certificate_pem(intermediate);
    place.write("tls.key", second.key_pem());
    place.write("tls.crt", certificate_pem(leaf));
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(30));
            place.write("tls.crt", certificate_pem(leaf) + "\n");
            thread::sleep(Duration::from_millis(30));
            place.write("tls.crt", certificate_pem(leaf) + &third);
        });
        let text = given(&mut files);
        assert!(
            text.contains("CN=second") && text.contains("CN=Ivo Intermediate"),
            "{text}"
        );
    });
}

#[test]
fn a_pair_is_waited_for() {
    let place = Place::new();
    let mut files = place.files();
    given(&mut files);
    let second = place.server("second");
    place.replace("tls.crt", second.chain_pem());
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(300));
            place.replace("tls.key", second.key_pem());
        });
        let (outcome, took) = load(&mut files);
        assert!(outcome.unwrap().contains("CN=second"));
        assert!(took >= Duration::from_millis(300), "{took:?}");
    });
    // One that never comes is not waited for without end, and not again once that was seen.
    place.replace("tls.crt", place.server("third").chain_pem());
    let (outcome, took) = load(&mut files);
    let error = outcome.unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::KeyMismatch { .. }),
        "{error}"
    );
    let text = error.to_string();
    assert!(
        text.contains("tls.crt") && text.contains("tls.key"),
        "{text}"
    );
    assert!(took >= Duration::from_millis(500), "{took:?}");
    let (again, took) = load(&mut files);
    assert!(Arc::ptr_eq(&error, &again.unwrap_err()));
    assert!(took < Duration::from_millis(400), "{took:?}");
    place.install(&place.server("third"));
    assert!(given(&mut files).contains("CN=third"));
}

#[test]
fn what_keeps_changing_is_said_so() {
    let place = Place::new();
    let mut files = place.files().settle_time(Duration::from_millis(60));
    given(&mut files);
    let (is_over, rounds) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            let limit = Instant::now() + Duration::from_secs(60);
            while is_over.load(Ordering::Relaxed) == 0 && Instant::now() < limit {
                let round = rounds.fetch_add(1, Ordering::Relaxed);
                place.replace("ca.crt", format!("{}# {round}\n", place.root.pem()));
            }
        });
        while rounds.load(Ordering::Relaxed) < 2 {
            thread::yield_now();
        }
        // On a busy machine the writer may have to rest for so long that it looks settled; not each time.
        let limit = Instant::now() + Duration::from_secs(45);
        let mut looks = std::iter::repeat_with(|| load(&mut files));
        let found = looks.find(|(outcome, _)| outcome.is_err() || Instant::now() > limit);
        is_over.store(1, Ordering::Relaxed);
        let (outcome, took) = found.unwrap();
        let error = outcome.unwrap_err();
        assert!(
            matches!(error.problem(), MaterialProblem::KeepsChanging { .. }),
            "{error}"
        );
        assert!(error.to_string().contains("ca.crt"), "{error}");
        assert!(took < Duration::from_secs(15), "{took:?}");
    });
    given(&mut files);
}

#[cfg(feature = "encrypted-keys")]
#[test]
fn nothing_is_parsed_that_is_as_before() {
    let place = Place::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let right = Arc::new(AtomicUsize::new(0));
    let passphrase = {
        let (asked, right) = (Arc::clone(&asked), Arc::clone(&right));
        Passphrase::from_fn(move || {
            asked.fetch_add(1, Ordering::Relaxed);
            let passphrases = ["wrong", "correct horse"];
            Ok(passphrases[right.load(Ordering::Relaxed)].to_owned())
        })
    };
    let fixture = |name| fs::read(format!("tests/fixtures/material/{name}")).unwrap();
    place.write("tls.crt", fixture("rsa.crt"));
    place.write("tls.key", fixture("rsa_legacy_aes256.pem"));
    let mut files = place.files().passphrase(passphrase).without_notify();
    // What may be mended without any file is tried again.
    for times in 1..=3 {
        let error = rejected(&mut files);
        let problem = error.problem();
        assert!(
            matches!(problem, MaterialProblem::WrongPassphrase { .. }),
            "{error}"
        );
        assert_eq!(asked.load(Ordering::Relaxed), times);
    }
    right.store(1, Ordering::Relaxed);
    for _ in 0..3 {
        assert!(given(&mut files).contains("CN=rsa.test"));
        assert_eq!(asked.load(Ordering::Relaxed), 4);
    }
    place.write("tls.key", fixture("rsa_legacy_aes128.pem"));
    given(&mut files);
    assert_eq!(asked.load(Ordering::Relaxed), 5);
    // A good rest with something bad beside it is not parsed twice either.
    place.write("ca.crt", "");
    for _ in 0..3 {
        rejected(&mut files);
    }
    assert_eq!(asked.load(Ordering::Relaxed), 5);
}

/// A wrong passphrase is mended in its file.
#[cfg(feature = "encrypted-keys")]
#[test]
fn the_file_of_a_passphrase_is_one_of_the_files() {
    let place = Place::new();
    let fixture = |name| fs::read(format!("tests/fixtures/material/{name}")).unwrap();
    place.write("tls.crt", fixture("rsa.crt"));
    place.write("tls.key", fixture("rsa_legacy_aes256.pem"));
    place.write("passphrase", "wrong");
    let mut files = place
        .files()
        .passphrase(Passphrase::from_file(place.path("passphrase")));
    let error = rejected(&mut files).to_string();
    assert!(
        error.contains("tls.key") && error.contains("passphrase"),
        "{error}"
    );
    place.write("passphrase", "correct horse\n");
    let text = given(&mut files);
    assert!(
        text.contains("CN=rsa.test") && !text.contains("correct horse"),
        "{text}"
    );
    assert!(!format!("{files:?}").contains("correct horse"));
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_rejected_at_once() {
    use std::os::unix::fs::symlink;

    let place = Place::new();
    let mut files = place.files().settle_time(Duration::ZERO);
    let anchors = place.path("ca.crt");
    let remove = || drop(fs::remove_file(&anchors));
    let cases: [(&str, &dyn Fn()); 6] = [
        ("FIFO", &|| {
            let made = Command::new("mkfifo").arg(&anchors).status().unwrap();
            assert!(made.success());
        }),
        ("a device", &|| symlink("/dev/zero", &anchors).unwrap()),
        ("a directory", &|| symlink("/", &anchors).unwrap()),
        ("no such file", &|| symlink("nowhere", &anchors).unwrap()),
        ("cannot be read", &|| symlink("ca.crt", &anchors).unwrap()),
        ("more than 16777216 bytes", &|| {
            let file = fs::File::create(&anchors).unwrap();
            file.set_len(1 << 40).unwrap();
        }),
    ];
    for (words, make) in cases {
        remove();
        make();
        let (outcome, took) = load(&mut files);
        let text = outcome.unwrap_err().to_string();
        assert!(
            text.contains(words) && text.contains("ca.crt"),
            "{words}: {text}"
        );
        assert!(took < Duration::from_secs(2), "{words}: {took:?}");
    }
    remove();
    place.write("ca.crt", place.root.pem());
    given(&mut files);
}

/// The permissions of the key's file are reported with the identity, and change with `chmod` alone.
#[cfg(unix)]
#[test]
fn permissions_of_a_key_are_a_change() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    let mut files = place.files();
    assert!(!given(&mut files).contains("InsecureKeyFile"));
    let chmod = |mode| {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(place.path("tls.key"), permissions).unwrap();
    };
    chmod(0o644);
    assert!(given(&mut files).contains("InsecureKeyFile"));
    chmod(0o600);
    assert!(!given(&mut files).contains("InsecureKeyFile"));
}

const CHILD: &str = "MTLS_TEST_WITHOUT_WATCHES";

/// Where no watcher can be created the files are loaded all the same; the source is degraded, and
/// tries again.
#[cfg(target_os = "linux")]
#[test]
fn without_watches_the_source_is_degraded() {
    if std::env::var_os(CHILD).is_none() {
        // In a process of its own, with few files to open.
        let this = std::env::current_exe().unwrap();
        let name = "source::without_watches_the_source_is_degraded";
        let mut child = Command::new("sh");
        child
            .args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\""])
            .arg(this);
        let child = child
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(
            child.status.success() && said.contains("1 passed"),
            "{child:?}"
        );
        return;
    }
    let place = Place::new();
    let mut files = place.files();
    let mut taken: Vec<fs::File> = std::iter::from_fn(|| fs::File::open("/dev/null").ok())
        .take(1024)
        .collect();
    // Enough to read a file, and not for a watcher.
    taken.pop();
    let text = given(&mut files);
    assert!(
        text.contains("CN=first") && text.contains("max_user_instances"),
        "{text}"
    );
    // Tried again, and reported again.
    let text = given(&mut files);
    assert!(
        text.contains("CN=first") && text.contains("max_user_instances"),
        "{text}"
    );
    drop(taken);
    let text = given(&mut files);
    assert!(text.contains("degraded: None"), "{text}");
}
