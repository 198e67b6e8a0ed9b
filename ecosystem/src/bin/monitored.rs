//! A server that is also a client, with metrics for Prometheus and traces on standard error.
//!
//! It serves at the port of the command line, its metrics at the next one, and calls a server at the
//! one after that.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use mtls::policy::RevocationDepth;
use mtls::rotation::OnExpiry;
use mtls::{FileSource, MtlsClient, MtlsServer, RevocationRules, Rustls, VerifierPolicy};
use mtls_ecosystem::{Result, port};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tower::service_fn;

const PAUSE: Duration = Duration::from_millis(50);
/// From a handshake in memory to the time-out.
const BUCKETS: [f64; 9] = [0.001, 0.005, 0.02, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0];

async fn hello(_: Request<Incoming>) -> std::result::Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::new("hello".into())))
}

#[tokio::main]
async fn main() -> Result<()> {
    let port = port()?;
    // Before the first client and server, so that nothing is missed.
    PrometheusBuilder::new()
        .with_http_listener(([127, 0, 0, 1], port + 1))
        .set_buckets_for_metric(
            Matcher::Full("mtls_handshake_duration_seconds".to_owned()),
            &BUCKETS,
        )?
        .install()?;
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let tcp = TcpListener::bind(("127.0.0.1", port)).await?;

    // mtls: begin
    let pki = FileSource::from_files("client.crt", "client.key", "ca.crt");
    let client = MtlsClient::builder().name("upstream").source(pki);
    let client = client.build(Rustls::default())?;
    // mtls: end
    tokio::spawn(async move {
        loop {
            if let Ok(tcp) = TcpStream::connect(("127.0.0.1", port + 2)).await {
                // mtls: begin
                if let Ok(mut stream) = client.connect_async("localhost", tcp).await {
                    let _ = stream.read_to_end(&mut Vec::new()).await;
                }
                // mtls: end
            }
            tokio::time::sleep(PAUSE).await;
        }
    });

    // mtls: begin
    let pki =
        FileSource::from_files("server.crt", "server.key", "ca.crt").revocation_lists("ca.crl");
    let rules = RevocationRules::require(RevocationDepth::Leaf);
    let policy = VerifierPolicy::allow_any_authenticated().revocation(rules);
    let builder = MtlsServer::builder()
        .name("public")
        .source(pki)
        .policy(policy);
    let builder = builder.on_expiry(OnExpiry::Reject).poll_interval(PAUSE * 4);
    let server = builder.build(Rustls::default())?;
    mtls::hyper::serve(server.listener(tcp), service_fn(hello)).await;
    // mtls: end
    Ok(())
}
