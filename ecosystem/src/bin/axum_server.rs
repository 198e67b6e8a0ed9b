//! An HTTPS server, with axum-server: says who its client is.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use axum::middleware::AddExtension;
use axum::routing::get;
use axum::{Extension, Router};
use axum_server::accept::Accept;
use axum_server::tls::TlsService;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use mtls::{Event, FileSource, MtlsServer, PeerIdentity, Report, Rustls, VerifierPolicy};
use mtls_ecosystem::{Result, port, show};
use tokio::net::TcpStream;
use tower::Layer;

// mtls: begin
/// Gives every request the identity of its client.
#[derive(Clone)]
struct PeerAcceptor(RustlsAcceptor, MtlsServer);

impl<S: Send + 'static> Accept<TcpStream, S> for PeerAcceptor {
    type Stream = <RustlsAcceptor as Accept<TcpStream, S>>::Stream;
    type Service = AddExtension<TlsService<S>, PeerIdentity>;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, tcp: TcpStream, service: S) -> Self::Future {
        let (accepted, server) = (self.0.accept(tcp, service), self.1.clone());
        Box::pin(async move {
            let (stream, service) = accepted.await?;
            let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let peer = server.identify(chain).map_err(io::Error::other)?;
            Ok((stream, Extension(peer).layer(service)))
        })
    }
}

async fn hello(Extension(peer): Extension<PeerIdentity>) -> String {
    // mtls: end
    show(Some(&peer))
}

#[tokio::main]
async fn main() -> Result<()> {
    let address = SocketAddr::from(([127, 0, 0, 1], port()?));
    let app = Router::new().route("/", get(hello));

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
    let config = RustlsConfig::from_config(server.live_config());
    let acceptor = PeerAcceptor(RustlsAcceptor::new(config), server);
    // mtls: end

    axum_server::bind(address)
        // mtls: begin
        .acceptor(acceptor)
        // mtls: end
        .serve(app.into_make_service())
        .await?;
    Ok(())
}
