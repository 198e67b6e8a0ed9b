//! Rotation while a client or a server runs: what changes, what survives, and what must not.

#![allow(
    unreachable_pub,
    reason = "what is shared here is shared by the suites alone"
)]

#[path = "../common/mod.rs"]
mod common;

mod guide;
mod live;
mod load;
mod revisions;
mod stage;
mod survivors;
