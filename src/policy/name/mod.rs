//! Checks of a peer's name.

pub(crate) mod server_name;
