//! The `server` example goes on serving while others send garbage, say nothing, or leave in the middle.

#![allow(
    unreachable_pub,
    reason = "the modules of a test target are shared with no other crate"
)]
#![cfg_attr(
    not(any(feature = "aws-lc-rs", feature = "ring", feature = "openssl")),
    allow(dead_code, reason = "there is no server to test then")
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../interop/examples.rs"]
mod examples;
#[path = "../interop/proxy.rs"]
mod proxy;

mod attacks;
mod garbage;
mod regular;

use std::fs;
#[cfg(unix)]
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use attacks::{cut_handshakes, garbage, half_open};
use common::pki::Cast;
use examples::{End, Server};
use regular::Regular;

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#[test]
fn nothing_stops_a_server_on_rustls() {
    survives("rustls");
}

#[cfg(feature = "openssl")]
#[test]
fn nothing_stops_a_server_on_openssl() {
    survives("openssl");
}

fn survives(backend: &str) {
    let begun = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let cast = Cast::assemble();
    let alice = End::of(folder.path(), "alice", &cast.alice, &cast.root);
    let own = End::of(folder.path(), "server", &cast.server, &cast.root);
    let mut server = Server::start(backend, &own, &[]);

    let regular = Regular::new(backend, &alice, server.port);
    regular.call();
    let descriptors = open_descriptors(server.id());
    let calls = thread::scope(|scope| {
        let caller = regular.calls_until_stopped(scope);
        let silent = half_open(server.port);
        garbage(server.port);
        cut_handshakes(server.port, &cast);
        silent.wait_until_closed();
        caller.stop()
    });
    println!(
        "{backend}: {calls} calls answered during the attacks, {:?}",
        begun.elapsed()
    );
    assert!(calls >= 10, "{calls}");

    regular.call();
    assert!(server.is_alive(), "{}", server.log());
    let log = server.log();
    assert!(!log.contains("panicked"), "{log}");
    // Each is logged, but for those that the system reset before the server could take them.
    let failed = log.matches("failed 127.0.0.1:").count();
    println!("{backend}: {failed} failed handshakes logged");
    assert!(failed >= 1000, "{failed}: {log}");
    assert!(
        !log.contains("rejected 127.0.0.1:"),
        "only garbage came, and no client with a certificate: {log}"
    );
    comes_back_to(descriptors, server.id());
    assert!(
        begun.elapsed() < Duration::from_secs(60),
        "{:?}",
        begun.elapsed()
    );
}

/// More connections than the process may open.
#[cfg(unix)]
#[test]
fn a_server_without_descriptors_waits_for_better_times() {
    let folder = tempfile::tempdir().unwrap();
    let cast = Cast::assemble();
    let alice = End::of(folder.path(), "alice", &cast.alice, &cast.root);
    let own = End::of(folder.path(), "server", &cast.server, &cast.root);
    for backend in examples::SERVER_BACKENDS.iter() {
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\""])
            .arg(examples::example("server").get_program());
        let mut server = Server::start_by(shell, backend, &own, &[]);
        let silent = half_open(server.port);
        server.wait_for_log(0, "cannot accept: ");
        drop(silent);
        Regular::new(backend, &alice, server.port).call();
        assert!(server.is_alive(), "{}", server.log());
    }
}

/// `None` where there is no such list.
fn open_descriptors(process: u32) -> Option<usize> {
    let list = fs::read_dir(format!("/proc/{process}/fd"));
    assert!(list.is_ok() || !cfg!(target_os = "linux"));
    Some(list.ok()?.count())
}

fn comes_back_to(start: Option<usize>, process: u32) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while open_descriptors(process) > start {
        let open = open_descriptors(process);
        assert!(
            Instant::now() < deadline,
            "{open:?} descriptors are open, {start:?} were"
        );
        thread::sleep(Duration::from_millis(50));
    }
}
