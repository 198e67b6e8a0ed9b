//! The SPIFFE Workload API as a source.

#[path = "../common/mod.rs"]
mod common;
