//! Adapters to asynchronous runtimes and identity providers, above client, server and sources.

#[cfg(feature = "spiffe")]
pub(crate) mod spiffe;
#[cfg(feature = "tokio")]
pub(crate) mod tokio;

/// Returns the hint of an error of an integration.
#[cfg(feature = "spiffe")]
pub(crate) use spiffe::hint_of;

/// There is none without an integration that has errors.
#[cfg(not(feature = "spiffe"))]
pub(crate) fn hint_of<'a>(
    _: &'a (dyn core::error::Error + 'static),
) -> Option<std::borrow::Cow<'a, str>> {
    None
}
