//! The ways in which files are changed: three times over, no handshake lost, no failure reported.

#![allow(unreachable_pub, reason = "shared by the files of this target")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::common::pki::{Credential, certificate_pem};
use super::place::Place;
use super::stage::Stage;

/// Long enough for a writer that is stopped between two writes.
const SETTLE: Duration = Duration::from_millis(100);
/// So rarely that only a notification explains what is seen.
const HARDLY_EVER: Duration = Duration::from_secs(600);

fn three_times(what: &str, every: Duration, place: Place, change: fn(&Place, &Credential)) {
    let files = place.files().settle_time(SETTLE);
    let files = if every < HARDLY_EVER {
        files.without_notify()
    } else {
        files
    };
    let stage = Stage::new(place, files, false, every);
    stage.meets_only("first", 3);
    let mut slowest = Duration::ZERO;
    for (before, name) in (1..).zip(["second", "third", "fourth"]) {
        change(&stage.place, &stage.place.server(name));
        let changed = Instant::now();
        stage.wait(what, |status| status.revision() > before);
        slowest = slowest.max(changed.elapsed());
        stage.meets(name);
    }
    let status = stage.server.handle().status();
    assert_eq!(status.revision(), 4, "{what}");
    assert_eq!(status.failures(), 0, "{what}: {:?}", stage.reported());
    assert_eq!(status.degraded(), None, "{what}");
    println!(
        "{what}: {} handshakes, slowest rotation after {slowest:?}",
        stage.end()
    );
    assert!(slowest < Duration::from_secs(5), "{what}: {slowest:?}");
}

#[test]
fn renamed_into_place() {
    three_times("rename", HARDLY_EVER, Place::new(), Place::install);
}

#[test]
fn rewritten_in_place() {
    three_times("rewrite", HARDLY_EVER, Place::new(), Place::overwrite);
}

/// On a file system without notifications, and where they are not wanted.
#[test]
fn polled_alone() {
    three_times(
        "poll",
        Duration::from_millis(300),
        Place::new(),
        Place::install,
    );
}

#[test]
fn removed_and_made_anew() {
    three_times("remove", HARDLY_EVER, Place::new(), |place, credential| {
        place.remove("tls.crt");
        place.remove("tls.key");
        place.overwrite(credential);
    });
}

#[test]
fn the_key_comes_300_ms_after_the_certificate() {
    three_times(
        "late key",
        HARDLY_EVER,
        Place::new(),
        |place, credential| {
            place.replace("tls.crt", credential.chain_pem());
            thread::sleep(Duration::from_millis(300));
            place.replace("tls.key", credential.key_pem());
        },
    );
}

/// At each moment there is a good chain, and half of the time not the one that is meant.
#[test]
fn written_certificate_by_certificate() {
    three_times("cut", HARDLY_EVER, Place::new(), |place, credential| {
        let [leaf, intermediate] = &*credential.chain else {
            panic!("{}", credential.chain.len())
        };
        place.write("tls.key", credential.key_pem());
        place.write("tls.crt", certificate_pem(leaf));
        thread::sleep(Duration::from_millis(40));
        place.write(
            "tls.crt",
            certificate_pem(leaf) + &certificate_pem(intermediate),
        );
    });
}

/// Our own reads cause notifications too, and other files in the folder are none of ours.
#[test]
fn nothing_is_read_without_a_reason() {
    let place = Place::new();
    let files = place.files();
    let stage = Stage::new(place, files, false, HARDLY_EVER);
    // Once in `build`, and once when the watch was there.
    stage.wait("the second look", |status| status.reloads() == 2);
    for round in 0..20 {
        stage.place.write("other.log", format!("{round}"));
        drop(fs::read(stage.place.path("tls.key")).unwrap());
        stage.meets_only("first", 2);
    }
    assert_eq!(stage.server.handle().status().reloads(), 2);
    // What is ours is seen all the same.
    stage.place.install(&stage.place.server("second"));
    stage.meets("second");
    stage.end();
}

/// `mv` from one file system to another copies.
#[cfg(target_os = "linux")]
#[test]
fn moved_from_another_file_system() {
    use std::os::unix::fs::MetadataExt;

    let place = Place::new();
    let far = Path::new("/dev/shm");
    let device = |path: &Path| fs::metadata(path).ok().map(|found| found.dev());
    if device(far).is_none() || device(far) == device(&place.folder()) {
        println!("NOT TESTED: /dev/shm is no other file system than that of temporary files");
        return;
    }
    three_times("move", HARDLY_EVER, place, |place, credential| {
        let from = tempfile::tempdir_in("/dev/shm").unwrap();
        for (name, content) in [
            ("tls.crt", credential.chain_pem()),
            ("tls.key", credential.key_pem()),
        ] {
            let from = from.path().join(name);
            fs::write(&from, content).unwrap();
            let moved = Command::new("mv")
                .arg("-f")
                .arg(from)
                .arg(place.path(name))
                .status();
            assert!(moved.unwrap().success());
        }
    });
}

/// What the kubelet does with a secret: the files lead to `..data/FILE`, and `..data` to a folder of its own for each
/// version, which is made first and removed when it is no longer led to.
#[cfg(unix)]
#[test]
fn swapped_by_kubernetes() {
    three_times("..data", HARDLY_EVER, kubernetes(), |place, credential| {
        publish(place, credential);
    });
}

/// A whole folder behind a link, as deployment tools have it.
#[cfg(unix)]
#[test]
fn a_link_above_the_folder_is_led_elsewhere() {
    use std::os::unix::fs::symlink;

    let place = Place::new();
    fs::rename(place.folder(), place.beside("release-0")).unwrap();
    symlink("release-0", place.folder()).unwrap();
    three_times("link above", HARDLY_EVER, place, |place, credential| {
        let count = fs::read_dir(place.beside("")).unwrap().count();
        let release = format!("release-{count}");
        let folder = place.beside(&release);
        fs::create_dir(&folder).unwrap();
        fs::copy(place.path("ca.crt"), folder.join("ca.crt")).unwrap();
        fs::write(folder.join("tls.crt"), credential.chain_pem()).unwrap();
        fs::write(folder.join("tls.key"), credential.key_pem()).unwrap();
        symlink(&release, place.beside("new")).unwrap();
        fs::rename(place.beside("new"), place.folder()).unwrap();
    });
}

/// A folder as the kubelet mounts it.
#[cfg(unix)]
pub fn kubernetes() -> Place {
    use std::os::unix::fs::symlink;

    let place = Place::new();
    publish(&place, &place.server("first"));
    for name in ["tls.crt", "tls.key", "ca.crt", "ca.crl"] {
        place.remove(name);
        symlink(format!("..data/{name}"), place.path(name)).unwrap();
    }
    place
}

/// The next version of a secret.
#[cfg(unix)]
pub fn publish(place: &Place, credential: &Credential) {
    use std::os::unix::fs::symlink;

    let old = fs::read_link(place.path("..data"));
    let version = tempfile::Builder::new()
        .prefix("..2026_11_21_")
        .tempdir_in(place.folder());
    let version = version.unwrap().keep();
    let files = [
        ("tls.crt", credential.chain_pem()),
        ("tls.key", credential.key_pem()),
        ("ca.crt", place.root.pem()),
        ("ca.crl", place.list(&place.next_crl())),
    ];
    for (name, content) in files {
        fs::write(version.join(name), content).unwrap();
    }
    symlink(version.file_name().unwrap(), place.path("..data_tmp")).unwrap();
    fs::rename(place.path("..data_tmp"), place.path("..data")).unwrap();
    if let Ok(old) = old {
        fs::remove_dir_all(place.path(old.to_str().unwrap())).unwrap();
    }
}

/// A service that starts before another process has written its files: `build` waits, is notified, and reads them once
/// they are whole.
#[cfg(unix)]
#[test]
fn written_by_another_process_after_the_start() {
    use std::process::Command;

    let place = Place::new();
    let (ready, files) = (place.beside("ready"), place.files());
    fs::rename(place.folder(), &ready).unwrap();
    let script = "sleep 3; mkdir tls; for f in ca.crt tls.crt tls.key; do cp ready/$f tls/$f; sleep 0.05; done; date +%s%N";
    let mut writer = Command::new("sh");
    writer
        .args(["-c", script])
        .current_dir(ready.parent().unwrap());
    let writer = writer.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let server = mtls::MtlsServer::builder()
        .source(files)
        .poll_interval(Duration::from_secs(600))
        .wait_for_first(super::stage::LIMIT)
        .policy(mtls::VerifierPolicy::allow_any_authenticated())
        .build(mtls::Rustls::default())
        .unwrap();
    let built = std::time::SystemTime::now();
    assert_eq!(server.handle().status().revision(), 1);
    let written = writer.wait_with_output().unwrap();
    let written: u128 = String::from_utf8(written.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let built = built
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_nanos();
    // Polls alone would come at 0.5, 1.5, 3.5 and 7.5 seconds and later, as each takes some time.
    let took = Duration::from_nanos(u64::try_from(built.saturating_sub(written)).unwrap());
    assert!(took < Duration::from_millis(1500), "{took:?}");
}
