//! Single files that are mounted, as containers do with `-v file:file` and Kubernetes with `subPath`: what is renamed
//! into their place outside is not seen inside.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use mtls::FileSource;

use super::common::programs::{Program, REQUIRE_ALL, report, run};
use super::place::Place;
use super::stage::Stage;

/// Set in the process that has a mount namespace of its own.
const CHILD: &str = "MTLS_TEST_IN_MOUNT_NAMESPACE";
const FILES: [&str; 3] = ["tls.crt", "tls.key", "ca.crt"];

/// Runs this test again where it may mount; `true` in that process.
fn is_in_namespace(test: &str) -> bool {
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    let Some(unshare) = Program::unshare() else {
        return false;
    };
    let may = unshare.command().args(["-rm", "true"]).output().unwrap();
    if !may.status.success() {
        let said = String::from_utf8_lossy(&may.stderr);
        assert!(
            std::env::var_os(REQUIRE_ALL).is_none_or(|value| value.is_empty()),
            "no mount namespaces here: {said} ({REQUIRE_ALL} is set)"
        );
        report(&format!("NOT TESTED: no mount namespaces here: {said}"));
        return false;
    }
    let mut child = unshare.command();
    child.arg("-rm").arg(std::env::current_exe().unwrap());
    child.args(["--exact", test, "--nocapture"]).env(CHILD, "1");
    let said = run(&mut child, b"", Duration::from_secs(60)).expect_success();
    assert!(said.contains("1 passed"), "{said}");
    false
}

fn mount(from: &Path, to: &Path) {
    let mount = Command::new("mount")
        .arg("--bind")
        .args([from, to])
        .status();
    assert!(mount.unwrap().success());
}

/// Files of a place, mounted one by one into a folder.
fn mounted(place: &Place, folder: &Path) -> FileSource {
    fs::create_dir(folder).unwrap();
    for name in FILES {
        fs::write(folder.join(name), "").unwrap();
        mount(&place.path(name), &folder.join(name));
    }
    FileSource::from_files(
        folder.join("tls.crt"),
        folder.join("tls.key"),
        folder.join("ca.crt"),
    )
}

#[test]
fn a_mounted_file_that_was_replaced_is_reported() {
    if !is_in_namespace("mounts::a_mounted_file_that_was_replaced_is_reported") {
        return;
    }
    let place = Place::new();
    let files = mounted(&place, &place.beside("pod"));
    let stage = Stage::new(place, files, false, Duration::from_millis(200));
    stage.meets_only("first", 2);
    assert_eq!(stage.server.handle().status().degraded(), None);

    // In place: the mount shows it, and nothing is wrong.
    stage.place.overwrite(&stage.place.server("second"));
    stage.meets("second");
    assert_eq!(stage.server.handle().status().degraded(), None);

    stage.place.install(&stage.place.server("third"));
    stage.wait("degraded", |status| status.degraded().is_some());
    let status = stage.server.handle().status();
    let reason = status.degraded().unwrap();
    for part in ["pod/tls.crt", "subPath", "mount its folder", "restart"] {
        assert!(reason.contains(part), "{reason}");
    }
    assert!(status.to_string().contains(reason), "{status}");
    assert!(status.last_failure().is_none(), "{status}");
    stage.meets_only("second", 2);

    // The new files are seen once they are mounted again, and all is well.
    for name in ["tls.crt", "tls.key"] {
        let inside = stage.place.beside("pod").join(name);
        let unmounted = Command::new("umount").arg(&inside).status();
        assert!(unmounted.unwrap().success());
        mount(&stage.place.path(name), &inside);
    }
    stage.meets("third");
    stage.wait("well", |status| {
        status.degraded().is_none() && status.last_failure().is_none()
    });
    stage.end();
}

/// The whole folder that is mounted shows what is renamed into it.
#[test]
fn files_of_a_mounted_folder_are_renewed() {
    if !is_in_namespace("mounts::files_of_a_mounted_folder_are_renewed") {
        return;
    }
    let place = Place::new();
    let pod = place.beside("pod");
    fs::create_dir(&pod).unwrap();
    mount(&place.folder(), &pod);
    let files =
        FileSource::from_files(pod.join("tls.crt"), pod.join("tls.key"), pod.join("ca.crt"));
    let stage = Stage::new(place, files, false, Duration::from_secs(600));
    stage.place.install(&stage.place.server("second"));
    stage.meets("second");
    assert_eq!(stage.server.handle().status().degraded(), None);
    stage.end();
}

/// The name that is replaced while it is read is no mount.
#[test]
fn a_file_that_is_renamed_over_all_the_time_is_no_mount() {
    let place = Place::new();
    let files = place.files();
    let stage = Stage::new(place, files, false, Duration::from_millis(10));
    let before = stage.server.handle().status().reloads();
    for _ in 0..200 {
        stage.place.replace("ca.crt", stage.place.root.pem());
        assert_eq!(stage.server.handle().status().degraded(), None);
    }
    stage.wait("read", |status| {
        assert_eq!(status.degraded(), None);
        status.reloads() > before + 3
    });
    stage.end();
}
