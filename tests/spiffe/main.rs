//! The SPIFFE Workload API as a source, with an agent that is a process of its own and speaks another gRPC than ours.

#[path = "../common/mod.rs"]
mod common;

mod agent;
mod failing;
mod handshakes;
mod load;
mod many;
mod message;
mod withdrawn;
mod workloads;
