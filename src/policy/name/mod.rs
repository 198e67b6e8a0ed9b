//! Checks of the name that a peer must have.

pub(crate) mod server_name;
