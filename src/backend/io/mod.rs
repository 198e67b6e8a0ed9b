//! What stands between a TLS library and its transport.

pub(crate) mod detachable;
pub(crate) mod first_bytes;
pub(crate) mod pending_write;
