//! axum-server and actix-web, with curl as the client.

mod common;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use common::programs::{Finished, Program, run};
use common::server::start_server;
use common::workshop::Workshop;
use common::{LIMIT, ROTATION};

const ACTIX: &str = env!("CARGO_BIN_EXE_actix");
const AXUM_SERVER: &str = env!("CARGO_BIN_EXE_axum_server");

/// One request in a new connection. Standard output is the answer, and the server's certificate.
fn get(mut curl: Command, port: u16, folder: &Path) -> Finished {
    curl.current_dir(folder)
        .args(["--silent", "--show-error", "--fail", "--ipv4"])
        .args(["--cert", "client.crt", "--key", "client.key"])
        .args(["--cacert", "ca.crt", "--write-out", "%{certs}"])
        .arg(format!("https://localhost:{port}/"));
    run(&mut curl, b"", LIMIT)
}

fn rotates_and_rejects(program: &str) {
    let workshop = Workshop::open();
    let Some(curl) = Program::curl() else {
        return;
    };
    let server = start_server(program, &workshop.path("server"));
    let get = |folder| get(curl.command(), server.port, &workshop.path(folder));
    let first = get("client").expect_success();
    assert!(
        first.contains("CN=alice [10, 01]") && first.contains("Serial Number:2001"),
        "{first}"
    );
    workshop.issue_server(0x2002);
    let replaced = Instant::now();
    while !get("client")
        .expect_success()
        .contains("Serial Number:2002")
    {
        assert!(
            replaced.elapsed() < ROTATION,
            "the old certificate is still presented"
        );
    }
    for _ in 0..10 {
        assert!(
            get("client")
                .expect_success()
                .contains("Serial Number:2002")
        );
    }

    workshop.trust_all_in("stranger");
    let rejected = get("stranger");
    assert!(
        !rejected.success() && rejected.stderr.contains("unknown ca"),
        "{rejected:?}"
    );
    let line = |part| server.running.wait_for_line(part, Duration::from_secs(5));
    assert!(line("rejected: ").contains("CN=Nyx"));
    assert!(line("hint: ").contains("trust anchor"));
}

#[test]
fn axum_server_rotates_and_rejects() {
    rotates_and_rejects(AXUM_SERVER);
}

#[test]
fn actix_web_rotates_and_rejects() {
    rotates_and_rejects(ACTIX);
}
