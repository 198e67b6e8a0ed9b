//! An HTTP server, with axum: says who its client is, if it is alice.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use mtls::axum::Peer;
use mtls::tower::RequirePeer;
use mtls::{FileSource, MtlsServer, PeerMatcher, Rustls, VerifierPolicy};
use mtls_ecosystem::{Result, port, show};
use tokio::net::TcpListener;

// mtls: begin
async fn hello(Peer(peer): Peer) -> String {
    // mtls: end
    show(Some(&peer))
}

#[tokio::main]
async fn main() -> Result<()> {
    let tcp = TcpListener::bind(("127.0.0.1", port()?)).await?;
    // mtls: begin
    let server = MtlsServer::builder()
        .source(FileSource::from_files("server.crt", "server.key", "ca.crt"))
        .policy(VerifierPolicy::allow_any_authenticated())
        .alpn(["h2", "http/1.1"])
        .retire_connections(Duration::from_secs(1))
        .build(Rustls::default())?;
    let alice = RequirePeer::new(PeerMatcher::common_name("alice")?);
    // mtls: end
    let app = Router::new().route("/", get(hello).layer(alice));
    // mtls: begin
    mtls::hyper::serve(server.listener(tcp), app).await;
    // mtls: end
    Ok(())
}
