//! What a handshake negotiates, and whether its session is resumed.

pub(crate) mod connection_info;
pub(crate) mod protocol_version;
pub(crate) mod resumption;
pub(crate) mod session_info;
