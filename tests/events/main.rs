//! What the observer, the handles and the retirement of connections report.

#[path = "../common/mod.rs"]
mod common;

mod accounting;
mod ends;
mod identified;
mod retired;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::{
    ClientBuilder, MtlsClient, MtlsIdentity, MtlsServer, MtlsStream, PeerIdentity, ServerBuilder,
    TrustAnchors, VerifierPolicy,
};

use common::pki::{Authority, Cast, Credential};

/// Much longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(20);

type Stream<B> = MtlsStream<TcpStream, PeerIdentity, B>;

fn identity(credential: &Credential) -> MtlsIdentity {
    MtlsIdentity::from_der(credential.chain.clone(), credential.key.secret_pkcs8_der()).unwrap()
}

fn anchors(authority: &Authority) -> TrustAnchors {
    TrustAnchors::from_der([authority.certificate()]).unwrap()
}

fn client(cast: &Cast) -> ClientBuilder {
    MtlsClient::builder()
        .identity(identity(&cast.alice))
        .trust_anchors(anchors(&cast.root))
}

fn server(cast: &Cast) -> ServerBuilder {
    MtlsServer::builder()
        .identity(identity(&cast.server))
        .trust_anchors(anchors(&cast.root))
        .policy(VerifierPolicy::allow_any_authenticated())
}

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    near.set_read_timeout(Some(LIMIT)).unwrap();
    (near, listener.accept().unwrap().0)
}

/// Two ends that have spoken to each other.
fn meet<C: ClientBackend, S: ServerBackend>(
    client: &MtlsClient<C>,
    server: &MtlsServer<S>,
) -> (Stream<C>, Stream<S>) {
    let (near, far) = pair();
    thread::scope(|scope| {
        let served = scope.spawn(|| {
            let mut stream = server.accept(far).unwrap();
            stream.read_exact(&mut [0]).unwrap();
            stream.write_all(b"1").unwrap();
            stream
        });
        let mut stream = client.connect("localhost", near).unwrap();
        stream.write_all(b"1").unwrap();
        stream.read_exact(&mut [0]).unwrap();
        (stream, served.join().unwrap())
    })
}

/// Until `condition` holds, within the limit.
#[track_caller]
fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < LIMIT, "never: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}
