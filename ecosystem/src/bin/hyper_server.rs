//! An HTTP server, with hyper: says who its client is.

use std::convert::Infallible;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use mtls::hyper::MessageExt;
use mtls::{FileSource, MtlsServer, Rustls, VerifierPolicy};
use mtls_ecosystem::{Result, port, show};
use tokio::net::TcpListener;
use tower::service_fn;

async fn hello(
    request: Request<Incoming>,
) -> std::result::Result<Response<Full<Bytes>>, Infallible> {
    // mtls: begin
    let client = request.peer_identity();
    // mtls: end
    Ok(Response::new(Full::new(show(client).into())))
}

#[tokio::main]
async fn main() -> Result<()> {
    let tcp = TcpListener::bind(("127.0.0.1", port()?)).await?;

    // mtls: begin
    let pki = FileSource::from_files("server.crt", "server.key", "ca.crt");
    let policy = VerifierPolicy::allow_any_authenticated();
    let builder = MtlsServer::builder().source(pki).policy(policy);
    let server = builder.alpn(["h2", "http/1.1"]).build(Rustls::default())?;
    mtls::hyper::serve(server.listener(tcp), service_fn(hello)).await;
    // mtls: end
    Ok(())
}
