//! What would cost much is rejected before it is paid: the messages, and the memory of a process that does nothing else.
//!
//! How long it takes is shown by `cargo bench --bench limits`: a test that measures time fails on a busy machine. Here a
//! case that does not end is seen by the tests not ending.

#![allow(unreachable_pub, reason = "shared with the benchmark")]

mod cases;
mod changing;

/// The most that a case may add to the memory of its process, in kB.
const MEMORY: u64 = 16 << 10;

fn main() {
    if cases::run_as_child() {
        return;
    }
    let folder = cases::folder();
    for case in cases::all() {
        let measured = cases::measure(&case, folder.path());
        let (name, message) = (case.name, measured.message);
        assert!(message.contains(case.says), "{name}: {message}");
        match measured.memory {
            Some(kb) => assert!(kb < MEMORY, "{name}: {kb} kB"),
            None => eprintln!("NOT TESTED: the memory of `{name}`: there is no /proc/self/status"),
        }
        println!("{name}: rejected after {:.1?}", measured.time);
    }
    changing::all(folder.path());
}
