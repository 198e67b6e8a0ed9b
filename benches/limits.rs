//! What rejecting costs, for inputs that would cost much if they were believed: time, and memory of a process of its own.
//!
//! Ends with 1 where a limit is exceeded. Of several runs the fastest counts, since a busy machine is no fault of ours.

#![allow(unreachable_pub, reason = "shared with the tests")]

#[path = "../tests/limits/cases.rs"]
mod cases;

use std::process::ExitCode;
use std::time::Duration;

const TIME: Duration = Duration::from_millis(50);
/// In kB.
const MEMORY: u64 = 16 << 10;
const RUNS: usize = 5;

fn main() -> ExitCode {
    if cases::run_as_child() {
        return ExitCode::SUCCESS;
    }
    let folder = cases::folder();
    let mut is_within = true;
    println!("{:<34}{:>12}{:>14}", "", "time", "memory (kB)");
    for case in cases::all() {
        let runs: Vec<_> = (0..RUNS)
            .map(|_| cases::measure(&case, folder.path()))
            .collect();
        assert!(runs.iter().all(|run| run.message.contains(case.says)));
        let time = runs.iter().map(|run| run.time).min().unwrap_or_default();
        let memory = runs.iter().filter_map(|run| run.memory).max();
        let shown = memory.map_or("not told".to_owned(), |kb| kb.to_string());
        let is_over = time >= TIME || memory.is_some_and(|kb| kb >= MEMORY);
        let note = if is_over { "  OVER THE LIMIT" } else { "" };
        println!(
            "{:<34}{:>12}{shown:>14}{note}",
            case.name,
            format!("{time:.1?}")
        );
        is_within &= !is_over;
    }
    println!("limits: {TIME:?}, {MEMORY} kB");
    ExitCode::from(u8::from(!is_within))
}
