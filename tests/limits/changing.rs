//! Files that change while they are read, and one that may not be read.

use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mtls::TrustAnchors;
use mtls::error::MaterialProblem;

/// So long that reading it takes a while, and below the limit.
const LONG: u64 = 12 << 20;
const PATIENCE: Duration = Duration::from_secs(30);

pub fn all(folder: &Path) {
    // One byte more again and again.
    is_noticed(&folder.join("grows"), |file, step| {
        file.set_len(LONG + 1 + step % 1024).unwrap();
    });
    // Nothing, and all of it again.
    is_noticed(&folder.join("shrinks"), |file, _| {
        file.set_len(LONG / 2).unwrap();
        thread::sleep(Duration::from_millis(1));
        file.set_len(LONG).unwrap();
    });
    replaced(&folder.join("replaced"));
    unreadable(&folder.join("unreadable"));
}

/// Reads a file that another thread changes, until the change is noticed. No read succeeds: the
/// file holds no anchor.
fn is_noticed(path: &Path, change: impl Fn(&File, u64) + Sync) {
    let file = File::create(path).unwrap();
    file.set_len(LONG).unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut step = 0;
            while !done.load(Ordering::Relaxed) {
                change(&file, step);
                step += 1;
            }
        });
        let start = Instant::now();
        loop {
            let error = TrustAnchors::from_file(path).unwrap_err();
            match error.problem() {
                MaterialProblem::ChangedWhileRead => break,
                MaterialProblem::UnexpectedContent { .. } if start.elapsed() < PATIENCE => {}
                _ => {
                    done.store(true, Ordering::Relaxed);
                    panic!("{error}");
                }
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    println!("{}: noticed", path.display());
}

/// What is renamed into its place is read whole, or what was there before is.
fn replaced(path: &Path) {
    let pem = |name: &str| {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        pem.repeat(1_000)
    };
    let texts = [pem("one"), pem("two")];
    fs::write(path, &texts[0]).unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for text in texts.iter().cycle() {
                let beside = path.with_extension("new");
                fs::write(&beside, text).unwrap();
                fs::rename(&beside, path).unwrap();
                if done.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        let loaded: Vec<_> = (0..20).map(|_| TrustAnchors::from_file(path)).collect();
        done.store(true, Ordering::Relaxed);
        for anchors in loaded {
            let anchors = anchors.unwrap();
            let first = &anchors.as_slice()[0];
            assert_eq!(anchors.as_slice().len(), 1_000);
            assert!(anchors.as_slice().iter().all(|anchor| anchor == first));
        }
    });
    println!("{}: read whole", path.display());
}

#[cfg(unix)]
fn unreadable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;

    fs::write(path, "secret").unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
    if File::open(path).is_ok() {
        eprintln!("NOT TESTED: a file that may not be read: this user (root?) may read all files");
        return;
    }
    let error = TrustAnchors::from_file(path).unwrap_err();
    let words = "this user may not read the file";
    assert!(error.to_string().contains(words), "{error}");
}

#[cfg(not(unix))]
fn unreadable(_: &Path) {}
