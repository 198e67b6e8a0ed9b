//! What a path may lead to instead of the file, for each of the files: every fault of a path is tried with every input.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::place::{FILES, Place};
use super::stage::Stage;
use super::suffer::{Fault, fault, suffer, verify};

/// What is done to the file of this name.
type Make = fn(&Place, &str);

/// A fault of a path, and what stands in the failure beside the name of the file.
const FAULTS: &[(&str, &str, Make)] = &[
    ("missing", "no such file", |place, file| place.remove(file)),
    ("emptied", "empty", |place, file| place.write(file, "")),
    ("a folder", "a directory", |place, file| {
        place.remove(file);
        fs::create_dir(place.path(file)).unwrap();
    }),
    ("a folder with a file", "a directory", |place, file| {
        let content = fs::read(place.path(file)).unwrap();
        place.remove(file);
        fs::create_dir(place.path(file)).unwrap();
        fs::write(place.path(file).join(file), content).unwrap();
    }),
    ("a FIFO", "a FIFO", |place, file| {
        place.remove(file);
        let made = Command::new("mkfifo").arg(place.path(file)).status();
        assert!(made.unwrap().success());
    }),
    ("a socket", "a socket", |place, file| {
        place.remove(file);
        // It stays after the listener is closed.
        drop(UnixListener::bind(place.path(file)).unwrap());
    }),
    ("a device", "a device", |place, file| {
        lead(place, file, "/dev/zero");
    }),
    ("a pseudo file", "/proc", |place, file| {
        lead(place, file, "/proc/self/status");
    }),
    ("dangling link", "no such file", |place, file| {
        lead(place, file, "nowhere");
    }),
    ("link to itself", "cannot be read", |place, file| {
        lead(place, file, file);
    }),
    // Without memory: it has a length, and no content.
    ("too much", "more than", |place, file| {
        let file = fs::File::create(place.path(file)).unwrap();
        file.set_len(1 << 40).unwrap();
    }),
    ("garbage", "expected", |place, file| {
        place.write(file, [0xa5; 700]);
    }),
    ("NUL bytes", "expected", |place, file| {
        place.write(file, [0; 700]);
    }),
    ("UTF-16", "UTF-16", |place, file| {
        let text = fs::read_to_string(place.path(file)).unwrap();
        let units = [0xfeff].into_iter().chain(text.encode_utf16());
        place.write(file, units.flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    }),
    ("a page", "HTML page", |place, file| {
        place.write(
            file,
            "<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n",
        );
    }),
    ("changing all the time", "without a pause", |place, file| {
        place.keep_changing(file);
    }),
    ("its folder removed", "no such file", |place, file| {
        fs::remove_dir_all(place.folder_of(file)).unwrap();
    }),
];

/// The same, of what may be put back as it was.
const FAULTS_TO_UNDO: &[(&str, &str, Make, Make)] = &[
    (
        "renamed away",
        "no such file",
        |place, file| fs::rename(place.path(file), place.beside("file")).unwrap(),
        |place, file| fs::rename(place.beside("file"), place.path(file)).unwrap(),
    ),
    (
        "its folder renamed away",
        "no such file",
        |place, file| fs::rename(place.folder_of(file), place.beside("folder")).unwrap(),
        |place, file| fs::rename(place.beside("folder"), place.folder_of(file)).unwrap(),
    ),
];

/// What may not be read.
const FORBIDDEN: (&str, &str, Make) = ("may not be read", "may not read", |place, file| {
    fs::set_permissions(place.path(file), fs::Permissions::from_mode(0o000)).unwrap();
});

#[test]
fn of_the_certificate() {
    suffer_all("tls.crt");
}

#[test]
fn of_the_key() {
    suffer_all("tls.key");
}

#[test]
fn of_the_anchors() {
    suffer_all("ca.crt");
}

#[test]
fn of_the_lists() {
    suffer_all("ca.crl");
}

/// Root may read everything, so that another user has to try.
#[cfg(target_os = "linux")]
#[test]
fn of_permissions() {
    use super::common::programs::{Program, run};

    const CHILD: &str = "MTLS_TEST_AS_OTHER_USER";
    let place = Place::new();
    FORBIDDEN.2(&place, "tls.key");
    if fs::read(place.path("tls.key")).is_err() {
        let faults = FILES.map(|file| of_file(FORBIDDEN, file));
        let times = suffer(Stage::usual(), &faults, Place::good);
        verify("permissions", times);
        return;
    }
    assert!(
        std::env::var_os(CHILD).is_none(),
        "the other user may read everything"
    );
    let Some(setpriv) = Program::setpriv() else {
        return;
    };
    let mut child = setpriv.command();
    child.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    child.arg(std::env::current_exe().unwrap());
    child
        .args(["--exact", "paths::of_permissions", "--nocapture"])
        .env(CHILD, "1");
    let finished = run(child.current_dir("/"), b"", Duration::from_secs(60));
    if finished.stderr.contains("setpriv:") {
        println!(
            "NOT TESTED: this program cannot be run as another user: {}",
            finished.stderr
        );
        return;
    }
    let said = finished.expect_success();
    assert!(said.contains("1 passed"), "{said}");
    println!("{said}");
}

/// In two lanes, since most of the time is spent on waiting.
fn suffer_all(file: &'static str) {
    let plain = FAULTS.iter().map(|&made| of_file(made, file));
    let undone = FAULTS_TO_UNDO.iter().map(|&(name, says, make, undo)| {
        of_file((name, says, make), file).undone(move |place| undo(place, file))
    });
    let mut one: Vec<Fault> = plain.chain(undone).collect();
    let other = one.split_off(one.len() / 2);
    let lanes = [one, other].map(|faults| {
        let stage = Stage::of_all(Place::with_apart(file));
        thread::spawn(move || suffer(stage, &faults, Place::good))
    });
    let times = lanes.map(|lane| lane.join().unwrap()).concat();
    verify(file, times);
}

fn of_file((name, says, make): (&str, &str, Make), file: &'static str) -> Fault {
    let name = format!("{file}: {name}");
    fault(&name, &[file, says], move |place| make(place, file))
}

fn lead(place: &Place, file: &str, to: &str) {
    place.remove(file);
    symlink(to, place.path(file)).unwrap();
}
