//! What is counted in a whole process: threads and descriptors. Each of these tests runs once more in a process of its
//! own.

use std::env;
use std::fs;
use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use mtls::Rustls;
use mtls::connection::{LiveConnections, ProtocolVersion};

use super::{Cause, Stage, alice, assert_ends, meet, wait_until};
use crate::common::raw::LIMIT;

const ALONE: &str = "MTLS_TEST_ALONE";
/// After which a number that was waited for must still be the same.
const SETTLED: Duration = Duration::from_millis(10);
const SETTINGS: [LiveConnections; 2] = [LiveConnections::Notify, LiveConnections::Close];

/// Whether this is the process of its own; else it is run.
fn is_alone(test: &str) -> bool {
    if env::var_os(ALONE).is_some() {
        return true;
    }
    let path = format!("live::alone::{test}");
    let output = Command::new(env::current_exe().unwrap())
        .args([&path, "--exact", "--nocapture", "--test-threads=1"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    false
}

fn threads() -> usize {
    threads_called("mtls-live")
}

fn threads_called(called: &str) -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    tasks
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|name| name.trim() == called)
        .count()
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

#[cfg(target_os = "linux")]
#[test]
fn the_thread_ends() {
    if !is_alone("the_thread_ends") {
        return;
    }
    for setting in SETTINGS {
        let stage = Stage::new();
        let server = stage.server(ProtocolVersion::Tls13, setting);
        let server = server.build(Rustls::default()).unwrap();
        assert_eq!(threads(), 0);
        // Without any connection there is nothing to be ended.
        let (client, served) = meet(&alice(&stage), &server);
        wait_until("it begins", || threads() == 1);
        let others: Vec<_> = (0..3).map(|_| meet(&alice(&stage), &server)).collect();
        assert_eq!(threads(), 1);
        drop(others);
        // The server goes first: the connection is watched on, and the thread ends with it.
        drop(server);
        thread::sleep(Duration::from_millis(50));
        assert_eq!(threads(), 1);
        let live = served.connection().clone();
        stage.advance();
        assert_eq!(
            live.wait(LIMIT).unwrap().rejection().unwrap().reason(),
            Cause::Expired.reason()
        );
        wait_until("it ends", || threads() == 0);
        drop((client, served));

        // The connections go first.
        let stage = Stage::new();
        let server = stage.server(ProtocolVersion::Tls13, setting);
        let server = server.build(Rustls::default()).unwrap();
        drop(meet(&alice(&stage), &server));
        wait_until("it begins", || threads() == 1);
        drop(server);
        wait_until("it ends", || threads() == 0);

        // By a connection that is dropped after the server.
        let stage = Stage::new();
        let server = stage.server(ProtocolVersion::Tls13, setting);
        let server = server.build(Rustls::default()).unwrap();
        let pair = meet(&alice(&stage), &server);
        drop(server);
        wait_until("it begins", || threads() == 1);
        drop(pair);
        wait_until("it ends", || threads() == 0);
    }
}

/// The thread that calls the observer and the callbacks: the first call starts it, and it ends after
/// the last one.
#[cfg(target_os = "linux")]
#[test]
fn the_other_thread_ends() {
    if !is_alone("the_other_thread_ends") {
        return;
    }
    let notifiers = || threads_called("mtls-notifier");
    for setting in SETTINGS {
        let stage = Stage::new();
        let server = stage.server(ProtocolVersion::Tls13, setting);
        let server = server.build(Rustls::default()).unwrap();
        let (_client, served) = meet(&alice(&stage), &server);
        wait_until("the verification begins", || threads() == 1);
        assert_eq!(notifiers(), 0, "there is nothing to report");
        let (release, released) = channel::<()>();
        let (reported, reports) = channel();
        let live = served.connection();
        live.on_end(move |_| {
            let _ = released.recv_timeout(LIMIT);
        });
        live.on_end(move |_| reported.send(()).unwrap());
        stage.strike(&server, Cause::PolicyNarrowed);
        live.wait(LIMIT).expect("never notified");
        wait_until("it begins", || notifiers() == 1);
        drop(server);
        // The verification is over, the calls are not.
        wait_until("the verification ends", || threads() == 0);
        assert_eq!(notifiers(), 1);
        assert!(reports.try_recv().is_err() && stage.received().is_empty());
        drop(release);
        reports.recv_timeout(LIMIT).expect("never called");
        wait_until("the observer hears of it", || stage.received().len() == 1);
        wait_until("it ends", || notifiers() == 0);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn descriptors_are_flat() {
    if !is_alone("descriptors_are_flat") {
        return;
    }
    let before = descriptors();
    let stage = Stage::new();
    for setting in SETTINGS {
        for round in 0..50 {
            let server = stage.server(ProtocolVersion::Tls13, setting);
            let server = server.build(Rustls::default()).unwrap();
            let (client, served) = meet(&alice(&stage), &server);
            // The pair, and what closes it.
            let held = 2 + usize::from(setting == LiveConnections::Close);
            let is_all = || descriptors() == before + held;
            // The peer sees the end of a connection before the thread that closes it has dropped its
            // descriptor, so that the last round's may still be open, and the number is waited for.
            // It has to stay, or it was right for a moment only.
            wait_until("the pair and what closes it are all that is open", is_all);
            thread::sleep(SETTLED);
            assert_eq!(descriptors(), before + held);
            if round % 2 == 0 {
                let live = served.connection().clone();
                stage.strike(&server, Cause::PolicyNarrowed);
                live.wait(LIMIT).expect("never notified");
                if setting == LiveConnections::Close {
                    assert_ends(client);
                }
            }
            drop(served);
        }
        wait_until("all are closed", || descriptors() == before);
        thread::sleep(SETTLED);
        assert_eq!(descriptors(), before);
    }
}
