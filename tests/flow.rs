//! Bytes in both directions at once, panics in the caller's code, and transports without time-outs.
#![cfg(all(feature = "aws-lc-rs", feature = "tokio"))]

mod common;

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::connection::WithoutTimeout;
use mtls::{
    HandshakeError, MtlsClient, MtlsIdentity, MtlsServer, PeerMatcher, RejectionReason, Rustls,
    TrustAnchors, VerifierPolicy,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, duplex, split};
use tokio::runtime::Builder;
use tokio::time::timeout;

use common::pki::{Cast, Credential};

const LIMIT: Duration = Duration::from_secs(20);

fn identity(credential: &Credential) -> MtlsIdentity {
    let (chain, key) = (credential.chain_pem(), credential.key_pem());
    MtlsIdentity::from_pem(chain.as_bytes(), key.as_bytes()).unwrap()
}

fn client<B: ClientBackend>(cast: &Cast, backend: B) -> MtlsClient<B> {
    MtlsClient::builder()
        .identity(identity(&cast.alice))
        .trust_anchors(TrustAnchors::from_der([cast.root.certificate()]).unwrap())
        .build(backend)
        .unwrap()
}

fn server<B: ServerBackend>(cast: &Cast, matcher: PeerMatcher, backend: B) -> MtlsServer<B> {
    MtlsServer::builder()
        .identity(identity(&cast.server))
        .trust_anchors(TrustAnchors::from_der([cast.root.certificate()]).unwrap())
        .policy(VerifierPolicy::allow(matcher))
        .build(backend)
        .unwrap()
}

/// Runs two halves of one stream in two tasks, over a pipe that holds few bytes: each task that
/// waits must be woken.
fn halves_in_two_tasks<C: ClientBackend, S: ServerBackend>(client_backend: C, server_backend: S) {
    const BYTES: usize = 1 << 20;
    let cast = Cast::assemble();
    let client = client(&cast, client_backend);
    let server = server(&cast, PeerMatcher::any_authenticated(), server_backend);
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (near, far) = duplex(700);
        let echo = tokio::spawn(async move {
            let (mut reader, mut writer) = split(server.accept_async(far).await.unwrap());
            copy(&mut reader, &mut writer).await.unwrap();
            writer.shutdown().await.unwrap();
        });
        let (mut reader, mut writer) =
            split(client.connect_async("localhost", near).await.unwrap());
        let writing = tokio::spawn(async move {
            for _ in 0..BYTES / 1024 {
                writer.write_all(&[7; 1024]).await.unwrap();
            }
            writer.shutdown().await.unwrap();
        });
        let mut received = Vec::new();
        timeout(LIMIT, reader.read_to_end(&mut received))
            .await
            .expect("a task was not woken")
            .unwrap();
        assert_eq!(received.len(), BYTES);
        timeout(LIMIT, writing).await.unwrap().unwrap();
        timeout(LIMIT, echo).await.unwrap().unwrap();
    });
}

#[test]
fn two_tasks_share_a_rustls_stream() {
    halves_in_two_tasks(Rustls::default(), Rustls::default());
}

#[cfg(feature = "openssl")]
#[test]
fn two_tasks_share_an_openssl_stream() {
    halves_in_two_tasks(mtls::OpenSsl::default(), mtls::OpenSsl::default());
}

#[cfg(feature = "native-tls")]
#[test]
fn two_tasks_share_a_native_tls_stream() {
    halves_in_two_tasks(mtls::NativeTls::default(), Rustls::default());
}

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (near, listener.accept().unwrap().0)
}

/// A client that writes first and is rejected learns why when it reads, though its write met a closed connection.
fn rejected_after_writing<C: ClientBackend>(backend: C) {
    let cast = Cast::assemble();
    let client = client(&cast, backend);
    let server = server(
        &cast,
        PeerMatcher::common_name("other").unwrap(),
        Rustls::default(),
    );
    let (near, far) = pair();
    let serving = thread::spawn(move || server.accept(far).map(drop));
    let mut stream = client.connect("localhost", near).unwrap();
    // The server is done with us. The first write makes its end reset the connection, and the second meets that.
    assert!(serving.join().unwrap().unwrap_err().rejection().is_some());
    let mut reported = None;
    for _ in 0..2 {
        reported = reported.or(stream.write_all(&[0; 1024]).err());
        thread::sleep(Duration::from_millis(50));
    }
    // A library may have taken the bytes all the same; then it is for the read to tell.
    let reported = reported
        .or_else(|| stream.read(&mut [0; 16]).err())
        .expect("a rejected client hears of it");
    let rejection = HandshakeError::find(&reported).unwrap_or_else(|| panic!("{reported:?}"));
    assert!(
        matches!(rejection, HandshakeError::RejectedByPeer { .. }),
        "{rejection:?}"
    );
}

#[test]
fn a_rejected_writer_learns_why() {
    rejected_after_writing(Rustls::default());
    #[cfg(feature = "openssl")]
    rejected_after_writing(mtls::OpenSsl::default());
    #[cfg(feature = "native-tls")]
    rejected_after_writing(mtls::NativeTls::default());
}

#[test]
fn a_policy_that_panics_rejects_and_the_loop_goes_on() {
    let cast = Cast::assemble();
    let matcher = PeerMatcher::custom("broken", |_| panic!("the matcher is broken"));
    let server = server(&cast, matcher, Rustls::default());
    let client = client(&cast, Rustls::default());
    for _ in 0..2 {
        let (near, far) = pair();
        let calling = thread::spawn({
            let client = client.clone();
            move || {
                client
                    .connect("localhost", near)
                    .map(|mut s| s.read(&mut [0; 1]))
            }
        });
        let error = server.accept(far).map(drop).unwrap_err();
        assert_eq!(
            error.rejection().unwrap().reason(),
            RejectionReason::VerifierPanicked
        );
        calling.join().unwrap().ok();
    }
}

/// A transport whose time is the caller's affair.
#[derive(Debug)]
struct Slow(TcpStream);

impl Read for Slow {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        thread::sleep(Duration::from_millis(60));
        self.0.read(buf)
    }
}

impl Write for Slow {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[test]
fn an_untimed_transport_has_all_the_time_it_takes() {
    let cast = Cast::assemble();
    let client = MtlsClient::builder()
        .identity(identity(&cast.alice))
        .trust_anchors(TrustAnchors::from_der([cast.root.certificate()]).unwrap())
        .handshake_timeout(Duration::from_millis(50))
        .build(Rustls::default())
        .unwrap();
    let server = server(&cast, PeerMatcher::any_authenticated(), Rustls::default());
    let (near, far) = pair();
    let serving = thread::spawn(move || server.accept(far).map(drop));
    client
        .connect("localhost", WithoutTimeout(Slow(near)))
        .unwrap();
    serving.join().unwrap().unwrap();
}

#[test]
fn a_rejected_and_silent_peer_does_not_hold_an_untimed_accept() {
    let cast = Cast::assemble();
    let server = server(
        &cast,
        PeerMatcher::common_name("other").unwrap(),
        Rustls::default(),
    );
    let client = client(&cast, Rustls::default());
    let (near, far) = pair();
    let (done, over) = std::sync::mpsc::channel();
    thread::spawn(move || done.send(server.accept(WithoutTimeout(far)).map(drop)));
    // It keeps its connection open and says nothing more.
    let _open = client.connect("localhost", near);
    let verdict = over
        .recv_timeout(LIMIT)
        .expect("accept waits for a silent peer");
    assert_eq!(
        verdict.unwrap_err().rejection().unwrap().reason(),
        RejectionReason::NotAuthorized
    );
}
