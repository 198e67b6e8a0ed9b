//! An HTTPS server, with actix-web: says who its client is.

use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpRequest, HttpServer, web};
use mtls::{CertificateChain, Event, FileSource, MtlsServer, Report, Rustls, VerifierPolicy};
use mtls_ecosystem::{Result, port};
use rustls::ServerConfig;

// mtls: begin
type TlsStream = actix_tls::accept::rustls_0_23::TlsStream<TcpStream>;
// mtls: end

async fn hello(request: HttpRequest) -> String {
    // mtls: begin
    match request.conn_data::<CertificateChain>() {
        Some(peer) => peer.describe().to_string(),
        None => "no certificate".to_owned(),
    }
    // mtls: end
}

#[tokio::main]
async fn main() -> Result<()> {
    let port = port()?;

    // mtls: begin
    let pki = FileSource::new()
        .identity("server.crt", "server.key")
        .trust_anchors("ca.crt");
    let server = MtlsServer::builder()
        .source(pki)
        .policy(VerifierPolicy::allow_any_authenticated())
        .observer(|event| {
            if let Event::PeerVerified {
                verdict: Err(rejection),
                ..
            } = event
            {
                println!("rejected: {}", Report::new(*rejection));
            }
        })
        .build(Rustls::default())?;
    let config = ServerConfig::clone(&server.live_config());
    // mtls: end

    HttpServer::new(|| App::new().route("/", web::get().to(hello)))
        // mtls: begin
        .on_connect(|connection, data| {
            let stream = connection.downcast_ref::<TlsStream>();
            let chain = stream.and_then(|stream| stream.get_ref().1.peer_certificates());
            if let Some(Ok(chain)) = chain.map(|chain| CertificateChain::from_der(chain.to_vec())) {
                data.insert(chain);
            }
        })
        // mtls: end
        .bind_rustls_0_23(("127.0.0.1", port), config)?
        .run()
        .await?;
    Ok(())
}
