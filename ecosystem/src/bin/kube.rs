//! Kubernetes, with kube: asks the API server for its version, over a hyper client.

use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::rt::TokioExecutor;
use kube::client::ConfigExt;
use mtls::{FileSource, MtlsClient, Rustls};
use mtls_ecosystem::{Result, port, repeat};
use rustls::ClientConfig;
use tower::ServiceBuilder;

#[tokio::main]
async fn main() -> Result<()> {
    let config = kube::Config::new(format!("https://localhost:{}", port()?).parse()?);

    // mtls: begin
    let pki = FileSource::from_files("client.crt", "client.key", "ca.crt");
    let client = MtlsClient::builder().source(pki).build(Rustls::default())?;
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(ClientConfig::clone(&client.live_config()))
        .https_only()
        .enable_http1()
        .build();
    // mtls: end

    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .service(HttpClient::builder(TokioExecutor::new()).build(https));
    let kubernetes = kube::Client::new(service, config.default_namespace);
    repeat(async || Ok(kubernetes.apiserver_version().await?.git_version)).await
}
