//! The command `mtls`, run as people run it.
//! The command `mtls`, as a process.

#[path = "../common/mod.rs"]
mod common;

mod explain;
mod generate;
mod proxy;
mod watch;
mod workshop;
mod probe;
