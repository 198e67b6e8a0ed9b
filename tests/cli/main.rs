//! The command `mtls`, run as people run it.

#[path = "../common/mod.rs"]
mod common;

mod explain;
mod generate;
mod probe;
mod proxy;
mod watch;
mod workshop;
