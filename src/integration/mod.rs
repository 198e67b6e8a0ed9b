//! Adapters to asynchronous runtimes, identity providers and HTTP, above client, server and
//! sources.

#[cfg(feature = "axum")]
pub mod axum;
#[cfg(feature = "config")]
pub mod config;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "hyper")]
pub mod hyper;
#[cfg(feature = "quinn")]
pub mod quinn;
#[cfg(feature = "reqwest")]
pub mod reqwest;
#[cfg(feature = "spiffe")]
pub(crate) mod spiffe;
#[cfg(feature = "tokio")]
pub(crate) mod tokio;
#[cfg(feature = "tonic")]
pub mod tonic;
#[cfg(feature = "tower")]
pub mod tower;

/// Finds the connection that a request arrived on.
#[cfg(any(feature = "axum", feature = "tower"))]
fn connection_of(extensions: &::http::Extensions) -> Option<&crate::connection::ConnectionHandle> {
    let connection = extensions.get();
    // `axum::serve` puts it there.
    #[cfg(feature = "axum")]
    let connection = connection.or_else(|| {
        let info: &::axum::extract::ConnectInfo<_> = extensions.get()?;
        Some(&info.0)
    });
    connection
}

/// Returns the hint of an error of an integration.
#[cfg_attr(
    not(any(
        feature = "config",
        feature = "http",
        feature = "hyper",
        feature = "spiffe",
        feature = "tokio"
    )),
    expect(unused_variables, reason = "no other integration has errors")
)]
pub(crate) fn hint_of<'a>(
    error: &'a (dyn core::error::Error + 'static),
) -> Option<std::borrow::Cow<'a, str>> {
    #[cfg(feature = "config")]
    if let Some(hint) = config::hint_of(error) {
        return Some(hint);
    }
    #[cfg(feature = "http")]
    if let Some(hint) = http::hint_of(error) {
        return Some(hint);
    }
    #[cfg(feature = "hyper")]
    if let Some(error) = error.downcast_ref::<hyper::ConnectionError>() {
        return Some(error.hint());
    }
    #[cfg(feature = "tokio")]
    if let Some(hint) = tokio::hint_of(error) {
        return Some(hint);
    }
    #[cfg(feature = "spiffe")]
    if let Some(hint) = spiffe::hint_of(error) {
        return Some(hint);
    }
    None
}
