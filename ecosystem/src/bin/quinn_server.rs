//! A QUIC server, with quinn: says who its client is.

use std::error::Error;

use mtls::{FileSource, MtlsServer, Rustls, VerifierPolicy};
use mtls_ecosystem::{Result, port, show};
use quinn::Endpoint;

#[tokio::main]
async fn main() -> Result<()> {
    let address = ([127, 0, 0, 1], port()?).into();

    // mtls: begin
    let server = MtlsServer::builder()
        .source(FileSource::from_files("server.crt", "server.key", "ca.crt"))
        .policy(VerifierPolicy::allow_any_authenticated())
        .alpn(["who-am-i"])
        .build(Rustls::default())?;
    let config = mtls::quinn::server_config(&server)?;
    // mtls: end

    let endpoint = Endpoint::server(config, address)?;
    while let Some(incoming) = endpoint.accept().await {
        // mtls: begin
        let server = server.clone();
        // mtls: end
        tokio::spawn(async move {
            let answering = async {
                let connection = incoming.await?;
                // mtls: begin
                let handle = mtls::quinn::accepted(&server, &connection)?;
                // mtls: end
                while let Ok((mut send, _)) = connection.accept_bi().await {
                    send.write_all(show(handle.peer()).as_bytes()).await?;
                    send.finish()?;
                    // Until the client has it.
                    send.stopped().await?;
                }
                Ok::<_, Box<dyn Error + Send + Sync>>(())
            };
            if let Err(error) = answering.await {
                println!("failed: {error}");
            }
        });
    }
    Ok(())
}
