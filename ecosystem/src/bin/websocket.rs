//! A WebSocket client, with tokio-tungstenite over a stream of `mtls`.

use futures_util::{SinkExt, StreamExt};
use mtls::{FileSource, MtlsClient, Rustls};
use mtls_ecosystem::{Result, port, repeat, show};
use tokio::net::TcpStream;

#[tokio::main]
async fn main() -> Result<()> {
    let port = port()?;

    // mtls: begin
    let pki = FileSource::from_files("client.crt", "client.key", "ca.crt");
    let client = MtlsClient::builder().source(pki).build(Rustls::default())?;
    // mtls: end

    repeat(async || {
        let tcp = TcpStream::connect(("localhost", port)).await?;
        // mtls: begin
        let stream = client.connect_async("localhost", tcp).await?;
        let peer = stream.peer().clone();
        // mtls: end
        let (mut socket, _) = tokio_tungstenite::client_async("wss://localhost/", stream).await?;
        socket.send("who am I?".into()).await?;
        let answer = socket.next().await.ok_or("no answer")??;
        socket.close(None).await?;
        Ok(format!("{answer}; {}", show(Some(&peer))))
    })
    .await
}
