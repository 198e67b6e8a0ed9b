//! Files that are watched: what becomes of a client or server while they change, well or badly.

#[path = "../common/mod.rs"]
mod common;

mod faults;
mod lists;
mod place;
mod source;
mod stage;
mod ways;
