use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use mtls::connection::LiveConnections;
use mtls::policy::RevocationDepth;
use mtls::test_util::{TestCa, TestFiles, TestLeaf, assert_rejects_revoked_within};
use mtls::{
    FileSource, MtlsListener, MtlsServer, PeerMatcher, RevocationRules, Rustls, VerifierPolicy,
};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// The only client of the service.
const PAYMENTS: &str = "spiffe://prod.example/payments";

/// What the service has as its files and rules.
fn server(files: &TestFiles) -> Result<MtlsServer, Box<dyn Error>> {
    let source = FileSource::new()
        .identity(files.chain(), files.key())
        .trust_anchors(files.anchors())
        .revocation_lists(files.revocation_lists());
    let rules = RevocationRules::require(RevocationDepth::Leaf);
    let policy = VerifierPolicy::allow(PeerMatcher::spiffe_id(PAYMENTS)?).revocation(rules);
    let server = MtlsServer::builder()
        .source(source)
        .policy(policy)
        .live_connections(LiveConnections::Close)
        .build(Rustls::default())?;
    Ok(server)
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
async fn start(files: &TestFiles) -> Result<SocketAddr, Box<dyn Error>> {
    let tcp = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = tcp.local_addr()?;
    tokio::spawn(run(server(files)?.listener(tcp)));
    Ok(address)
}

#[tokio::test]
async fn a_revoked_client_is_out_within_two_seconds() {
    let client = TestLeaf::named("payments").uri(PAYMENTS).client();
    let ca = TestCa::new("Example CA").clients(client);
    let files = TestFiles::of(&ca, "localhost");
    let address = start(&files).await.unwrap();
    let publish = async { files.write_revocation_lists(&ca.revocation_lists()) };
    assert_rejects_revoked_within(address, "localhost", &ca, Duration::from_secs(2), publish).await;
}
