//! What metrics and traces show: the same as the observer, bounded, and never a key.

#[path = "../common/callers.rs"]
mod callers;
#[path = "../common/capture.rs"]
mod capture;
#[path = "../common/mod.rs"]
mod common;

mod agreement;
mod bounds;
mod foreign;
mod monitoring;
mod names;
mod revisions;
mod spans;
