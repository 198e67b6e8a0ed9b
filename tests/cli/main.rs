//! The command `mtls`, run as people run it.

#[path = "../common/mod.rs"]
mod common;

mod answer;
mod check;
mod explain;
mod formats;
mod generate;
mod hints;
mod inspect;
mod mistakes;
mod probe;
mod proxy;
mod secrets;
mod troubleshooting;
mod watch;
mod workshop;
