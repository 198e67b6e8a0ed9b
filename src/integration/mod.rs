//! Glue to asynchronous runtimes and to what serves identities. It meets only client, server and their sources.

#[cfg(feature = "spiffe")]
pub(crate) mod spiffe;
#[cfg(feature = "tokio")]
pub(crate) mod tokio;
