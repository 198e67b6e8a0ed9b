//! Glue to asynchronous runtimes. It meets only client and server.

#[cfg(feature = "tokio")]
pub(crate) mod tokio;
