//! A QUIC client, with quinn: asks in one connection who it is, and says who its server is.

use std::time::Duration;

use mtls::{FileSource, MtlsClient, Rustls};
use mtls_ecosystem::{Result, port, repeat, show};
use quinn::Endpoint;

#[tokio::main]
async fn main() -> Result<()> {
    let address = ([127, 0, 0, 1], port()?).into();
    let mut endpoint = Endpoint::client(([127, 0, 0, 1], 0).into())?;

    // mtls: begin
    let client = MtlsClient::builder()
        .source(FileSource::from_files("client.crt", "client.key", "ca.crt"))
        .alpn(["who-am-i"])
        .retire_connections(Duration::from_secs(1))
        .build(Rustls::default())?;
    endpoint.set_default_client_config(mtls::quinn::client_config(&client)?);
    // mtls: end

    let connect = async || -> Result<_> {
        let connection = endpoint.connect(address, "localhost")?.await?;
        // mtls: begin
        let handle = mtls::quinn::connected(&client, "localhost", &connection)?;
        // mtls: end
        Ok((connection, handle))
    };
    let mut current = None;
    repeat(async || {
        let (connection, handle) = match current.take() {
            Some(current) => current,
            None => connect().await?,
        };
        let (mut send, mut receive) = connection.open_bi().await?;
        send.finish()?;
        let answer = String::from_utf8(receive.read_to_end(100).await?)?;
        let line = format!("{answer}; {}", show(handle.peer()));
        let is_open = connection.close_reason().is_none();
        // mtls: begin
        let is_open = is_open && handle.end_reason().is_none();
        // mtls: end
        if is_open {
            current = Some((connection, handle));
        }
        Ok(line)
    })
    .await
}
