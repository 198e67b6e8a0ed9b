//! Pairs of connections in memory.

pub(super) mod memory;
pub(super) mod pair;
