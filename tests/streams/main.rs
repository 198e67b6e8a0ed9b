//! Established streams: how they end, what a write takes, and what they tell.

#[path = "../common/mod.rs"]
mod common;

mod close;
mod ends;
mod keying;
mod not_tls;
mod pending;
mod raw_server;
mod vectored;

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::{
    AsyncMtlsStream, MtlsClient, MtlsIdentity, MtlsServer, PeerIdentity, Rustls, TrustAnchors,
    VerifierPolicy,
};
use tokio::io::DuplexStream;
use tokio::runtime::Runtime;

use common::pki::{Cast, Credential};

/// Much longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(20);

fn identity(credential: &Credential) -> MtlsIdentity {
    let (chain, key) = (credential.chain_pem(), credential.key_pem());
    MtlsIdentity::from_pem(chain.as_bytes(), key.as_bytes()).unwrap()
}

fn anchors(cast: &Cast) -> TrustAnchors {
    TrustAnchors::from_der([cast.root.certificate()]).unwrap()
}

fn client<B: ClientBackend>(cast: &Cast, backend: B) -> MtlsClient<B> {
    MtlsClient::builder()
        .identity(identity(&cast.alice))
        .trust_anchors(anchors(cast))
        .build(backend)
        .unwrap()
}

fn server<B: ServerBackend>(cast: &Cast, backend: B) -> MtlsServer<B> {
    MtlsServer::builder()
        .identity(identity(&cast.server))
        .trust_anchors(anchors(cast))
        .policy(VerifierPolicy::allow_any_authenticated())
        .build(backend)
        .unwrap()
}

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (near, listener.accept().unwrap().0)
}

/// A client and a server of rustls over a pipe that holds this many bytes.
async fn over_pipe<B: ClientBackend>(
    backend: B,
    bytes: usize,
) -> (PipeStream<B>, PipeStream<Rustls>) {
    let cast = Cast::assemble();
    let (client, server) = (client(&cast, backend), server(&cast, Rustls::default()));
    let (near, far) = tokio::io::duplex(bytes);
    let (near, far) = tokio::join!(
        client.connect_async("localhost", near),
        server.accept_async(far)
    );
    (near.unwrap(), far.unwrap())
}

type PipeStream<B> = AsyncMtlsStream<DuplexStream, PeerIdentity, B>;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// The futures of a handshake are small, so that thousands of them wait cheaply.
#[test]
fn the_futures_of_a_handshake_are_small() {
    use std::mem::size_of_val;
    const LIMIT: usize = 2 * 1024;
    let cast = Cast::assemble();
    for (name, size) in [
        (
            "rustls",
            size_of_val(&server(&cast, Rustls::default()).accept_async(tokio::io::empty())),
        ),
        (
            "openssl",
            size_of_val(&server(&cast, mtls::OpenSsl::default()).accept_async(tokio::io::empty())),
        ),
        (
            "rustls",
            size_of_val(&client(&cast, Rustls::default()).connect_async("a", tokio::io::empty())),
        ),
        (
            "openssl",
            size_of_val(
                &client(&cast, mtls::OpenSsl::default()).connect_async("a", tokio::io::empty()),
            ),
        ),
        (
            "native-tls",
            size_of_val(
                &client(&cast, mtls::NativeTls::default()).connect_async("a", tokio::io::empty()),
            ),
        ),
    ] {
        println!("{name}: {size} bytes");
        assert!(size < LIMIT, "{name}: {size} bytes");
    }
}

/// Calls a generic function with each client backend.
macro_rules! on_each_client {
    ($run:ident $(, $argument:expr)*) => {
        $run("rustls", mtls::Rustls::default() $(, $argument)*);
        $run("openssl", mtls::OpenSsl::default() $(, $argument)*);
        $run("native-tls", mtls::NativeTls::default() $(, $argument)*);
    };
}
use on_each_client;
