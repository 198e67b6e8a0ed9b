//! What the tests share: certificates in files, real servers, and the programs of this crate.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test target compiles this folder for itself and uses a part of it"
)]

pub mod errors;
#[path = "../../../tests/common/programs.rs"]
pub mod programs;
pub mod server;
pub mod tap;
pub mod workshop;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use programs::Running;

/// A replaced certificate has to be presented within this time.
pub const ROTATION: Duration = Duration::from_secs(2);
/// The time for everything else.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Starts a program of this crate, whose files are in `folder`.
pub fn start(program: &str, port: u16, folder: &Path) -> Running {
    Running::start(
        Command::new(program)
            .arg(port.to_string())
            .current_dir(folder),
    )
}

/// Waits until `program` has printed `count` more lines, and expects that none is a failure.
#[track_caller]
pub fn expect_no_failure(program: &Running, count: usize) {
    let lines = || program.stdout().lines().count();
    let (before, started) = (lines(), std::time::Instant::now());
    while lines() < before + count && started.elapsed() < LIMIT {
        std::thread::sleep(Duration::from_millis(20));
    }
    let stdout = program.stdout();
    assert!(lines() >= before + count, "{stdout}{}", program.stderr());
    assert!(!stdout.contains("failed"), "{stdout}");
}
