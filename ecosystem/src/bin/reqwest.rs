//! An HTTP client, with reqwest: asks who it is.

use std::time::Duration;

use mtls::{FileSource, MtlsClient, Rustls};
use mtls_ecosystem::{Result, port, repeat};

#[tokio::main]
async fn main() -> Result<()> {
    let url = format!("https://localhost:{}/", port()?);

    // mtls: begin
    let pki = FileSource::from_files("client.crt", "client.key", "ca.crt");
    let client = MtlsClient::builder().source(pki).build(Rustls::default())?;
    let http = mtls::reqwest::client(&client, |http| http.timeout(Duration::from_secs(5)))?;
    // mtls: end

    repeat(async || Ok(http.get().get(&url).send().await?.text().await?)).await
}
