//! All sources of a process share one watcher: one thread, and one of the user's inotify instances.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use mtls::rotation::ReloadTrigger;
use mtls::{FileSource, MtlsServer, Rustls, Source, VerifierPolicy};

use super::common::programs::run;
use super::place::Place;
use super::stage::{LIMIT, Stage};

/// Set in the process that runs one test alone.
const CHILD: &str = "MTLS_TEST_ALONE";

/// Runs this test again in a process without other tests; `true` in that process.
fn is_alone(test: &str) -> bool {
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", test, "--nocapture"]).env(CHILD, "1");
    let said = run(&mut child, b"", Duration::from_secs(60)).expect_success();
    assert!(said.contains("1 passed"), "{said}");
    println!("{said}");
    false
}

/// The inotify instances of this process.
fn instances() -> usize {
    let files = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let targets = files.filter_map(|file| fs::read_link(file.path()).ok());
    targets
        .filter(|target| target == Path::new("anon_inode:inotify"))
        .count()
}

/// The threads of this process whose name begins so.
fn threads(name: &str) -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|comm| comm.starts_with(name)).count()
}

fn serve(files: FileSource) -> MtlsServer<Rustls> {
    MtlsServer::builder()
        .source(files)
        .poll_interval(Duration::from_secs(600))
        .policy(VerifierPolicy::allow_any_authenticated())
        .build(Rustls::default())
        .unwrap()
}

#[track_caller]
fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < LIMIT, "never so: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Waits until the source has not been polled for a while.
#[track_caller]
fn rests(server: &MtlsServer<Rustls>) {
    const WHILE: Duration = Duration::from_millis(300);
    let polls = || {
        let status = server.handle().status();
        status.reloads() + status.failures()
    };
    let (started, mut last, mut since) = (Instant::now(), polls(), Instant::now());
    while since.elapsed() < WHILE {
        assert!(started.elapsed() < LIMIT, "polled all the time");
        std::thread::sleep(Duration::from_millis(5));
        if polls() != last {
            (last, since) = (polls(), Instant::now());
        }
    }
}

#[test]
fn forty_sources_have_one_watcher() {
    if !is_alone("shared::forty_sources_have_one_watcher") {
        return;
    }
    const SERVERS: usize = 40;
    assert_eq!((instances(), threads("notify-rs")), (0, 0));
    // Half of them in one folder, half in folders of their own.
    let shared = Place::new();
    let own: Vec<Place> = (0..SERVERS / 2).map(|_| Place::new()).collect();
    let mut in_shared: Vec<_> = own.iter().map(|_| serve(shared.files())).collect();
    let in_own: Vec<_> = own.iter().map(|place| serve(place.files())).collect();
    assert_eq!((instances(), threads("notify-rs")), (1, 1));
    // A thread has its name some time after it was started.
    eventually("pollers", || threads("mtls-rotation") == SERVERS);

    // Every one of them is notified, as the next poll comes after ten minutes.
    shared.install(&shared.server("second"));
    for place in &own {
        place.install(&place.server("second"));
    }
    for server in in_shared.iter().chain(&in_own) {
        eventually("notified", || server.handle().status().revision() >= 2);
        assert_eq!(server.handle().status().degraded(), None);
    }
    assert_eq!((instances(), threads("notify-rs")), (1, 1));

    // Those that stay are still notified when others have gone.
    in_shared.truncate(1);
    drop(in_own);
    eventually("pollers end", || threads("mtls-rotation") == 1);
    let revision = in_shared[0].handle().status().revision();
    shared.install(&shared.server("third"));
    eventually("notified", || {
        in_shared[0].handle().status().revision() > revision
    });
    // It ends with the last of them, and begins again.
    drop(in_shared);
    eventually("the watcher ends", || {
        (instances(), threads("notify-rs")) == (0, 0)
    });
    let again = serve(shared.files());
    assert_eq!((instances(), threads("notify-rs")), (1, 1));
    shared.install(&shared.server("fourth"));
    eventually("notified", || again.handle().status().revision() >= 2);
}

/// A folder that is replaced under its name, above and at the files: every source sees what is there then.
#[test]
fn a_folder_that_is_replaced_is_watched_for_all() {
    let place = Place::new();
    let above = place.folder().parent().unwrap().to_owned();
    // One source watches the folder above too, through a link in it.
    let link = above.join("link.crt");
    std::os::unix::fs::symlink("tls/tls.crt", &link).unwrap();
    let of_link = FileSource::from_files(&link, place.path("tls.key"), place.path("ca.crt"));
    let servers = [serve(place.files()), serve(of_link), serve(place.files())];
    for (round, name) in ["second", "third", "fourth"].into_iter().enumerate() {
        let before: Vec<_> = servers
            .iter()
            .map(|server| server.handle().status().revision())
            .collect();
        let away = above.join(format!("away {round}"));
        fs::rename(place.folder(), &away).unwrap();
        place.good(name);
        for (server, before) in servers.iter().zip(before) {
            eventually(name, || {
                let status = server.handle().status();
                status.revision() > before && status.last_failure().is_none()
            });
        }
        // Nothing more is on its way, and the next change is seen by each.
        servers.iter().for_each(rests);
        let before: Vec<_> = servers
            .iter()
            .map(|server| server.handle().status().revision())
            .collect();
        place.install(&place.server(&format!("after {name}")));
        for (server, before) in servers.iter().zip(before) {
            eventually("the change after it", || {
                server.handle().status().revision() > before
            });
        }
    }
}

/// A source that is dropped while others watch the same folder takes no watch from them.
#[test]
fn sources_come_and_go() {
    let stage = Stage::usual();
    for round in 0..20 {
        let mut other = stage.place.files();
        let trigger = ReloadTrigger::default();
        drop(other.load(&trigger).unwrap());
        drop(other);
        if round % 5 == 0 {
            let name = format!("round {round}");
            stage.place.install(&stage.place.server(&name));
            stage.meets(&name);
        }
    }
    stage.end();
}
