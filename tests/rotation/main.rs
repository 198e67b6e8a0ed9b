//! Rotation while a client or a server runs: what changes, what survives, and what must not.

#[path = "../common/mod.rs"]
mod common;

mod guide;
mod live;
mod load;
mod revisions;
mod survivors;
