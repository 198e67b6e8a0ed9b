//! A gRPC server, with tonic: says who its client is.

use mtls::tonic::RequestExt;
use mtls::{FileSource, MtlsServer, Rustls, VerifierPolicy};
use mtls_ecosystem::greeter::greeter_server::{Greeter, GreeterServer};
use mtls_ecosystem::{Result, port, show};
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::{Request, Response, Status, async_trait};

struct MyGreeter;

#[async_trait]
impl Greeter for MyGreeter {
    async fn who_am_i(
        &self,
        request: Request<String>,
    ) -> std::result::Result<Response<String>, Status> {
        // mtls: begin
        let client = request.peer_identity();
        // mtls: end
        Ok(Response::new(show(client)))
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let tcp = TcpListener::bind(("127.0.0.1", port()?)).await?;
    let router = Server::builder().add_service(GreeterServer::new(MyGreeter));

    // mtls: begin
    let server = MtlsServer::builder()
        .source(FileSource::from_files("server.crt", "server.key", "ca.crt"))
        .policy(VerifierPolicy::allow_any_authenticated())
        .alpn(["h2"])
        .build(Rustls::default())?;
    router.serve_with_incoming(server.listener(tcp)).await?;
    // mtls: end
    Ok(())
}
