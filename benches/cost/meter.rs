//! Counts what a process of this program does, by valgrind and strace.

use std::path::Path;
use std::process::Command;
use std::{env, thread};

use serde::{Deserialize, Serialize};

use crate::ends::By;
use crate::rows::{self, Row};
use crate::support::Pki;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Meter {
    Instructions,
    Allocations,
    /// Allocated and not freed when the process ends.
    LiveBytes,
    SystemCalls,
}

impl Meter {
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Instructions => "instructions",
            Self::Allocations => "allocations",
            Self::LiveBytes => "bytes",
            Self::SystemCalls => "system calls",
        }
    }
}

/// Fails where callgrind's counters are not set to zero at the start: a handshake would cost ten times as much.
pub(crate) fn assert_start_is_left_out(folder: &Path) {
    let row = rows::named("aws-lc/before");
    Pki::open(folder, row.setup.pki);
    let rest = count(&row, By::Raw, 0, folder);
    assert!(rest < 1e6, "{rest} instructions of the start are counted");
}

/// Returns what one repetition costs by the library alone, if it can do that, and by this crate.
pub(crate) fn beside(row: &Row, folder: &Path) -> (Option<f64>, f64) {
    // Made outside of what is counted.
    Pki::open(folder, row.setup.pki);
    thread::scope(|scope| {
        let raw = row
            .has_raw()
            .then(|| scope.spawn(|| each(row, By::Raw, folder)));
        let ours = each(row, By::Mtls, folder);
        (raw.map(|raw| raw.join().unwrap()), ours)
    })
}

fn each(row: &Row, by: By, folder: &Path) -> f64 {
    let counted = row.times.counted;
    let mut total = count(row, by, counted, folder);
    if row.meter != Meter::Instructions {
        // Nothing sets these to zero at the start.
        total -= count(row, by, 0, folder);
    }
    total / counted as f64
}

fn count(row: &Row, by: By, counted: usize, folder: &Path) -> f64 {
    let (program, arguments, line, field): (&str, &[&str], &str, usize) = match row.meter {
        Meter::Instructions => (
            "valgrind",
            &[
                "--tool=callgrind",
                "--callgrind-out-file=/dev/null",
                "--zero-before=*counting_begins*",
            ],
            "Collected :",
            3,
        ),
        Meter::Allocations => ("valgrind", MEMCHECK, "total heap usage:", 4),
        Meter::LiveBytes => ("valgrind", MEMCHECK, "in use at exit:", 5),
        Meter::SystemCalls => ("strace", &["-f", "-c"], " total", 3),
    };
    let by = match by {
        By::Raw => "raw",
        By::Mtls => "mtls",
    };
    let output = Command::new(program)
        .args(arguments)
        .arg(env::current_exe().unwrap())
        .args(["once", &row.name, by, &counted.to_string()])
        .arg(folder)
        .output()
        .unwrap_or_else(|error| panic!("{program} is missing: {error}"));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} failed: {text}", row.name);
    let line = text.lines().rfind(|found| found.contains(line));
    let number = line.and_then(|line| line.split_whitespace().nth(field));
    let number = number.unwrap_or_else(|| panic!("{program} says nothing: {text}"));
    number.replace(',', "").parse().unwrap()
}

/// Without the search for undefined values, which is not what it is for here.
const MEMCHECK: &[&str] = &[
    "--tool=memcheck",
    "--leak-check=no",
    "--undef-value-errors=no",
];
