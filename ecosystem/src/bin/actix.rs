//! An HTTPS server, with actix-web: says who its client is.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use mtls::{
    Event, FileSource, MtlsServer, PeerIdentity, Rejection, Report, Rustls, VerifierPolicy,
};
use mtls_ecosystem::{Result, port, show};
use rustls::ServerConfig;

// mtls: begin
type TlsStream = actix_tls::accept::rustls_0_23::TlsStream<actix_web::rt::net::TcpStream>;
type Identified = std::result::Result<PeerIdentity, Rejection>;
// mtls: end

async fn hello(request: HttpRequest) -> HttpResponse {
    // mtls: begin
    let Some(Ok(peer)) = request.conn_data::<Identified>() else {
        return HttpResponse::Forbidden().finish();
    };
    // mtls: end
    HttpResponse::Ok().body(show(Some(peer)))
}

#[tokio::main]
async fn main() -> Result<()> {
    let port = port()?;

    // mtls: begin
    let server = MtlsServer::builder()
        .source(FileSource::from_files("server.crt", "server.key", "ca.crt"))
        .policy(VerifierPolicy::allow_any_authenticated())
        .observer(|event| {
            if let Event::PeerVerified { verdict, .. } = event
                && let Err(rejection) = verdict
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
            if let Some(stream) = connection.downcast_ref::<TlsStream>() {
                let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
                data.insert(server.identify(chain));
            }
        })
        // mtls: end
        .bind_rustls_0_23(("127.0.0.1", port), config)?
        .run()
        .await?;
    Ok(())
}
