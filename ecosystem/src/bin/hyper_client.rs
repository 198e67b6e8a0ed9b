//! An HTTP client, with hyper: says who its server is.

use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use mtls::hyper::MessageExt;
use mtls::{FileSource, MtlsClient, Rustls};
use mtls_ecosystem::{Result, port, repeat, show};

#[tokio::main]
async fn main() -> Result<()> {
    let url = format!("https://localhost:{}/", port()?);

    // mtls: begin
    let pki = FileSource::from_files("client.crt", "client.key", "ca.crt");
    let client = MtlsClient::builder().source(pki).build(Rustls::default())?;
    let http = mtls::hyper::Client::new(&client);
    // mtls: end

    repeat(async || {
        let request = Request::get(&url).body(Empty::<Bytes>::new())?;
        let response = http.request(request).await?;
        // mtls: begin
        let server = response.peer_identity().cloned();
        // mtls: end
        let answer = response.into_body().collect().await?.to_bytes();
        let answer = String::from_utf8(answer.to_vec())?;
        Ok(format!("{answer}; {}", show(server.as_ref())))
    })
    .await
}
