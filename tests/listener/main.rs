//! `MtlsListener` over real sockets: its limits, the PROXY protocol, errors of the system, shutdown.

#![allow(
    unreachable_pub,
    reason = "the modules of a test target are shared with no other crate"
)]

#[path = "../common/mod.rs"]
mod common;

mod descriptors;
mod limits;
mod proxy;
mod service;
mod shutdown;
