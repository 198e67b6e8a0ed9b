//! A WebSocket server, with tokio-tungstenite over a stream of `mtls`: says who its client is.

use futures_util::{SinkExt, StreamExt};
use mtls::{AsyncMtlsStream, FileSource, MtlsServer, PeerIdentity, Report, Rustls, VerifierPolicy};
use mtls_ecosystem::{Result, port, show};
use tokio::net::{TcpListener, TcpStream};

#[tokio::main]
async fn main() -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port()?)).await?;

    // mtls: begin
    let server = MtlsServer::builder()
        .source(FileSource::from_files("server.crt", "server.key", "ca.crt"))
        .policy(VerifierPolicy::allow_any_authenticated())
        .build(Rustls::default())?;
    // mtls: end

    loop {
        let (tcp, _) = listener.accept().await?;
        // mtls: begin
        let server = server.clone();
        // mtls: end
        tokio::spawn(async move {
            // mtls: begin
            let stream = match server.accept_async(tcp).await {
                Ok(stream) => stream,
                Err(error) => return println!("rejected: {}", Report::new(&error)),
            };
            // mtls: end
            if let Err(error) = answer(stream).await {
                println!("failed: {error}");
            }
        });
    }
}

async fn answer(
    // mtls: begin
    stream: AsyncMtlsStream<TcpStream, PeerIdentity, Rustls>,
    // mtls: end
) -> std::result::Result<(), tokio_tungstenite::tungstenite::Error> {
    // mtls: begin
    let peer = stream.peer().clone();
    // mtls: end
    let mut socket = tokio_tungstenite::accept_async(stream).await?;
    while let Some(message) = socket.next().await {
        if message?.is_text() {
            socket.send(show(Some(&peer)).into()).await?;
        }
    }
    Ok(())
}
