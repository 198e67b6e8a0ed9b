//! An HTTPS server, with actix-web: says who its client is.

use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpRequest, HttpServer, web};
use mtls::{Event, FileSource, MtlsServer, PeerIdentity, Report, Rustls, VerifierPolicy};
use mtls_ecosystem::{Result, port, show};
use rustls::ServerConfig;

// mtls: begin
type TlsStream = actix_tls::accept::rustls_0_23::TlsStream<TcpStream>;
// mtls: end

async fn hello(request: HttpRequest) -> String {
    // mtls: begin
    show(request.conn_data::<PeerIdentity>())
    // mtls: end
}

#[tokio::main]
async fn main() -> Result<()> {
    let port = port()?;

    // mtls: begin
    let server = MtlsServer::builder()
        .source(FileSource::from_files("server.crt", "server.key", "ca.crt"))
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
        .on_connect(move |connection, data| {
            let stream = connection.downcast_ref::<TlsStream>();
            let chain = stream.and_then(|stream| stream.get_ref().1.peer_certificates());
            if let Some(Ok(peer)) = chain.map(|chain| server.identify(chain)) {
                data.insert(peer);
            }
        })
        // mtls: end
        .bind_rustls_0_23(("127.0.0.1", port), config)?
        .run()
        .await?;
    Ok(())
}
