//! Files that are watched: what becomes of a client or server while they change, well or badly.

#[path = "../common/mod.rs"]
mod common;

mod clocks;
mod faults;
mod lists;
#[cfg(unix)]
mod paths;
mod place;
mod source;
mod stage;
mod suffer;
mod ways;
