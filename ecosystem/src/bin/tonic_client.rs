//! A gRPC client, with tonic: asks who it is.

use mtls::{FileSource, MtlsClient, Rustls};
use mtls_ecosystem::greeter::greeter_client::GreeterClient;
use mtls_ecosystem::{Result, port, repeat};
use tonic::transport::Endpoint;

#[tokio::main]
async fn main() -> Result<()> {
    let target = Endpoint::from_shared(format!("http://localhost:{}", port()?))?;

    // mtls: begin
    let client = MtlsClient::builder()
        .source(FileSource::from_files("client.crt", "client.key", "ca.crt"))
        .alpn(["h2"])
        .build(Rustls::default())?;
    let channel = mtls::tonic::Channel::new(&client, target);
    // mtls: end

    let mut greeter = GreeterClient::new(channel);
    repeat(async || Ok(greeter.who_am_i(String::new()).await?.into_inner())).await
}
