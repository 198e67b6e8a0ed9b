//! Adapters to asynchronous runtimes and identity providers, above client, server and sources.

#[cfg(feature = "spiffe")]
pub(crate) mod spiffe;
#[cfg(feature = "tokio")]
pub(crate) mod tokio;
