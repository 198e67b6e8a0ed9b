//! What the benches of connections share: certificates, and connections in memory.

mod pipe;
mod pki;
mod wire;

pub(crate) use pipe::Pipe;
pub(crate) use pki::{Anchors, Key, Own, Pki, PkiSpec};
pub(crate) use wire::Wire;

/// The name of every server.
pub(crate) const SERVER: &str = "server.example";
