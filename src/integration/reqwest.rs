//! reqwest 0.13, on rustls.
//!
//! reqwest seals its connections. So in TLS 1.3 with HTTP/2, a server's rejection of our
//! certificate is the text of an alert at best, without a hint, and sometimes only a closed
//! connection: the server's log has the reason. In TLS 1.2 and in HTTP/1 the error has that of
//! rustls among its causes, for which [`Report`](crate::Report) has a hint, as where we reject the
//! server. [`HandshakeError::find`](crate::HandshakeError::find) finds nothing in any case, since
//! reqwest's TLS layer has errors of rustls alone; the
//! [observer](crate::ClientBuilder::observer) receives our rejection as
//! [`Event::PeerVerified`](crate::Event::PeerVerified).
//! `mtls::hyper::Client` has neither limit.

use crate::backend::values::Rustls;
use crate::client::MtlsClient;
use crate::rotation::PerRevision;

/// A client that is made anew when our identity or trust changes: call `get()` for each request.
pub type Client = PerRevision<::reqwest::Client>;

/// Makes a client; `configure` sets everything but TLS.
///
/// Only `https` is used, also after a redirect, unless `configure` sets `https_only(false)`.
/// Requests under way finish on the old connections. The HTTP version is that of the client's
/// `alpn(..)`; without it, HTTP/2 is used where the server has it, else HTTP/1.1. Proxies of the
/// environment are used as reqwest does.
///
/// ```no_run
/// # async fn f(client: mtls::MtlsClient) -> Result<(), reqwest::Error> {
/// let http = mtls::reqwest::client(&client, |builder| {
///     builder.timeout(std::time::Duration::from_secs(5))
/// })?;
/// let body = http.get().get("https://api.internal/").send().await?.text().await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// reqwest's, from building the client with these settings.
pub fn client(
    client: &MtlsClient<Rustls>,
    configure: impl Fn(::reqwest::ClientBuilder) -> ::reqwest::ClientBuilder + Send + Sync + 'static,
) -> Result<Client, ::reqwest::Error> {
    let builder = builders(client);
    client
        .handle()
        .per_revision(move || configure(builder()).build())
}

/// Returns a builder of a client of which only new connections follow the rotation.
///
/// A connection that is open stays as long as requests use it. Prefer [`client`].
///
/// ```no_run
/// # fn f(client: mtls::MtlsClient) -> Result<(), reqwest::Error> {
/// let http = mtls::reqwest::builder(&client).build()?;
/// # Ok(())
/// # }
/// ```
pub fn builder(client: &MtlsClient<Rustls>) -> ::reqwest::ClientBuilder {
    builders(client)()
}

fn builders(client: &MtlsClient<Rustls>) -> impl Fn() -> ::reqwest::ClientBuilder + use<> {
    let mut config = (*client.live_config()).clone();
    // reqwest takes the protocols of a given configuration as they are.
    if config.alpn_protocols.is_empty() {
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    }
    move || {
        ::reqwest::Client::builder()
            .https_only(true)
            .tls_backend_preconfigured(config.clone())
    }
}
