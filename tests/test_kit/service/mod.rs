//! Services that this process runs, and what the assertions say of them.

mod clients;
mod faults;
mod revocation;
mod rotation;
mod s_server;

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use mtls::backend::ServerBackend;
use mtls::connection::{ClientAuth, LiveConnections, ProtocolVersion};
use mtls::policy::RevocationDepth;
use mtls::test_util::{TestCa, TestFiles};
use mtls::{FileSource, MtlsServer, RevocationRules, ServerBuilder, VerifierPolicy};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the services are called.
const NAME: &str = "localhost";
const AT_MOST: Duration = Duration::from_secs(2);

/// A CA, and the files of a service of it.
struct Stage {
    ca: TestCa,
    files: TestFiles,
}

impl Stage {
    fn new() -> Self {
        let (ca, files) = (TestCa::new("Example CA"), TestFiles::temporary());
        files.write_identity(&ca.leaf("server").dns(NAME).issue());
        files.write_anchors(&ca.anchors());
        files.write_revocation_lists(&ca.revocation_lists());
        Self { ca, files }
    }

    /// Follows its files, checks revocation, and closes open connections.
    fn service(&self) -> ServerBuilder {
        let rules = RevocationRules::require(RevocationDepth::Leaf);
        let lists = self.files.revocation_lists();
        self.follows(self.source().revocation_lists(lists))
            .policy(VerifierPolicy::allow_any_authenticated().revocation(rules))
    }

    /// As [`service`](Self::service), and reads no lists.
    fn without_revocation(&self) -> ServerBuilder {
        self.follows(self.source())
            .policy(VerifierPolicy::allow_any_authenticated())
    }

    fn source(&self) -> FileSource {
        FileSource::new()
            .identity(self.files.chain(), self.files.key())
            .trust_anchors(self.files.anchors())
            .settle_time(Duration::from_millis(50))
    }

    fn follows(&self, source: FileSource) -> ServerBuilder {
        MtlsServer::builder()
            .source(source)
            .poll_interval(Duration::from_millis(200))
            .live_connections(LiveConnections::Close)
    }
}

/// Serves until it is aborted: reads from each connection until its end.
pub(crate) async fn serve<B: ServerBackend, A: ClientAuth>(
    server: MtlsServer<B, A>,
) -> (SocketAddr, JoinHandle<()>) {
    let tcp = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = tcp.local_addr().unwrap();
    let mut listener = server.listener(tcp);
    let serving = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await;
            tokio::spawn(async move {
                let mut buffer = [0; 64];
                while matches!(stream.read(&mut buffer).await, Ok(1..)) {}
            });
        }
    });
    (address, serving)
}

/// Runs an assertion that has to fail, and returns its message.
async fn message_of(assertion: impl Future<Output = ()> + Send + 'static) -> String {
    let error = tokio::spawn(assertion).await.expect_err("it did not fail");
    let panic = error.into_panic();
    panic
        .downcast::<String>()
        .map(|text| *text)
        .or_else(|panic| panic.downcast::<&str>().map(|text| (*text).to_owned()))
        .unwrap()
}

const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::Tls12, ProtocolVersion::Tls13];
