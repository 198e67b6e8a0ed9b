use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use mtls::connection::LiveConnections;
use mtls::policy::RevocationDepth;
use mtls::test_util::{TestCa, TestFiles, assert_rejects_revoked_within};
use mtls::{BuildError, FileSource, MtlsListener, MtlsServer, RevocationRules, Rustls};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// What the service has as its files and rules.
fn server(files: &TestFiles) -> Result<MtlsServer, BuildError> {
    let source = FileSource::new()
        .identity(files.chain(), files.key())
        .trust_anchors(files.anchors())
        .revocation_lists(files.revocation_lists());
    let rules = RevocationRules::require(RevocationDepth::Leaf);
    MtlsServer::builder()
        .source(source)
        .policy(mtls::VerifierPolicy::allow_any_authenticated().revocation(rules))
        .live_connections(LiveConnections::Close)
        .build(Rustls::default())
}

/// What the service does with its connections.
async fn run(mut listener: MtlsListener<Rustls>) {
    loop {
        let (mut stream, _) = listener.accept().await;
        tokio::spawn(async move {
            let mut request = [0; 1024];
            while matches!(stream.read(&mut request).await, Ok(1..)) {}
        });
    }
}

/// Starts the service on a free port.
async fn start(files: &TestFiles) -> io::Result<SocketAddr> {
    let tcp = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = tcp.local_addr()?;
    let server = server(files).map_err(io::Error::other)?;
    tokio::spawn(run(server.listener(tcp)));
    Ok(address)
}

#[tokio::test]
async fn a_revoked_client_is_out_within_two_seconds() {
    let ca = TestCa::new("Example CA");
    let files = TestFiles::of(&ca, "localhost");
    let address = start(&files).await.unwrap();
    let publish = async { files.write_revocation_lists(&ca.revocation_lists()) };
    assert_rejects_revoked_within(address, "localhost", &ca, Duration::from_secs(2), publish).await;
}
