use std::thread;

use super::memory::MemoryTransport;
use crate::backend::handshake_error::HandshakeError;
use crate::backend::{ClientBackend, ServerBackend};
use crate::client::MtlsClient;
use crate::connection::ClientAuth;
use crate::peer::identity::PeerIdentity;
use crate::server::MtlsServer;
use crate::stream::MtlsStream;

/// The two results of [`connect_pair`]: the client's, then the server's.
pub type PairResult<C, S, A> = (
    Result<MtlsStream<MemoryTransport, PeerIdentity, C>, HandshakeError>,
    Result<MtlsStream<MemoryTransport, <A as ClientAuth>::Peer, S>, HandshakeError>,
);

/// Connects a client with a server in memory, whatever their backends are.
///
/// `name` is the server name that the client verifies. In TLS 1.3 a client's handshake ends before
/// the server has verified it: where the server rejects the client, the client has a stream all the
/// same, and its first read returns the alert.
///
/// ```
/// # #[cfg(feature = "aws-lc-rs")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::test_util::{Fault, TestCa, connect_pair};
/// use mtls::{HandshakeError, MtlsClient, MtlsServer, RejectionReason, Rustls, VerifierPolicy};
///
/// let ca = TestCa::new("Example CA");
/// let server = MtlsServer::builder()
///     .identity(ca.leaf("server").dns("db.example").issue())
///     .trust_anchors(ca.anchors())
///     .policy(VerifierPolicy::allow_any_authenticated())
///     .build(Rustls::default())?;
/// let client = MtlsClient::builder()
///     .identity(ca.leaf("payments").fault(Fault::WrongExtendedKeyUsage).issue())
///     .trust_anchors(ca.anchors())
///     .build(Rustls::default())?;
/// let (_, accepted) = connect_pair(&client, &server, "db.example");
/// let Err(HandshakeError::Rejected(rejection)) = accepted else { panic!("{accepted:?}") };
/// assert_eq!(rejection.reason(), RejectionReason::WrongExtendedKeyUsage);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "aws-lc-rs"))]
/// # fn main() {}
/// ```
///
/// # Panics
///
/// If a backend panics.
pub fn connect_pair<C, S, A>(
    client: &MtlsClient<C>,
    server: &MtlsServer<S, A>,
    name: &str,
) -> PairResult<C, S, A>
where
    C: ClientBackend,
    S: ServerBackend,
    A: ClientAuth,
{
    let (near, far) = MemoryTransport::pair();
    let of_client = near.close_back();
    thread::scope(|scope| {
        let accepting = scope.spawn(|| server.accept(far));
        let connected = client.connect(name, near);
        // A server that rejects the client waits until the client has read why and closes. A client
        // that gave up has closed.
        of_client.set(true);
        let accepted = accepting.join().expect("the server's backend panicked");
        of_client.set(false);
        (connected, accepted)
    })
}
