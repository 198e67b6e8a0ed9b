//! A client that writes, closes and drops loses nothing, whatever of the server's it has not read.

use std::io::{Read, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use mtls::backend::ClientBackend;
use mtls::{HandshakeError, Rustls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::common::pki::Cast;
use super::raw_server::{self, Manners};
use super::{LIMIT, client, on_each_client, pair, runtime, server};

/// The server is busy with something else for so long.
const BUSY: Duration = Duration::from_millis(60);
const SIZES: [usize; 3] = [1, 16 * 1024, 300_000];
const DELAYS: [u64; 5] = [0, 1, 5, 20, 50];

fn nothing_is_lost<B: ClientBackend>(name: &str, backend: B, is_async: bool) {
    let cast = Cast::assemble();
    let config = raw_server::config(&cast);
    let client = client(&cast, backend);
    let runtime = runtime();
    for size in SIZES {
        for delay in DELAYS {
            let (near, far) = pair();
            let config = Arc::clone(&config);
            let serving = thread::spawn(move || {
                let manners = Manners {
                    tickets_after: Duration::from_millis(delay),
                    reads_after: BUSY,
                };
                raw_server::receive(config, far, &manners)
            });
            if is_async {
                runtime.block_on(async {
                    near.set_nonblocking(true).unwrap();
                    let near = tokio::net::TcpStream::from_std(near).unwrap();
                    let mut stream = client.connect_async("localhost", near).await.unwrap();
                    stream.write_all(&vec![7; size]).await.unwrap();
                    stream.shutdown().await.unwrap();
                });
            } else {
                let mut stream = client.connect("localhost", near).unwrap();
                stream.write_all(&vec![7; size]).unwrap();
                stream.close().unwrap();
            }
            let (received, ended) = serving.join().unwrap();
            let case = format!("{name}, {size} bytes, tickets after {delay} ms");
            assert_eq!(received, size, "{case}: {ended:?}");
            ended.unwrap_or_else(|error| panic!("{case}: {error}"));
        }
    }
}

#[test]
fn a_blocking_client_that_closes_and_drops_loses_nothing() {
    on_each_client!(nothing_is_lost, false);
}

#[test]
fn an_asynchronous_client_that_closes_and_drops_loses_nothing() {
    on_each_client!(nothing_is_lost, true);
}

/// What arrives while a side closes is not lost: a half-closed connection still delivers the answer.
fn the_answer_after_our_end_is_read<B: ClientBackend>(name: &str, backend: B, is_async: bool) {
    const ANSWER: usize = 200_000;
    let cast = Cast::assemble();
    let (client, server) = (client(&cast, backend), server(&cast, Rustls::default()));
    let (near, far) = pair();
    let serving = thread::spawn(move || {
        let mut stream = server.accept(far).unwrap();
        let mut question = Vec::new();
        stream.read_to_end(&mut question).unwrap();
        stream.write_all(&vec![1; ANSWER]).unwrap();
        stream.close().unwrap();
        question.len()
    });
    let mut answer = Vec::new();
    if is_async {
        runtime().block_on(async {
            near.set_nonblocking(true).unwrap();
            let near = tokio::net::TcpStream::from_std(near).unwrap();
            let mut stream = client.connect_async("localhost", near).await.unwrap();
            stream.write_all(b"question").await.unwrap();
            stream.shutdown().await.unwrap();
            stream.shutdown().await.unwrap(); // a second one has nothing to do
            let read = stream.read_to_end(&mut answer);
            tokio::time::timeout(LIMIT, read).await.unwrap().unwrap();
        });
    } else {
        let mut stream = client.connect("localhost", near).unwrap();
        stream.write_all(b"question").unwrap();
        stream.close().unwrap();
        stream.close().unwrap();
        stream.read_to_end(&mut answer).unwrap();
    }
    assert_eq!(serving.join().unwrap(), 8, "{name}");
    assert_eq!(answer.len(), ANSWER, "{name}");
}

#[test]
fn a_closed_side_still_reads() {
    on_each_client!(the_answer_after_our_end_is_read, false);
    on_each_client!(the_answer_after_our_end_is_read, true);
}

/// A peer that neither reads on nor closes holds a closing side for a limited time.
fn a_silent_peer_is_not_awaited_for_ever<B: ClientBackend>(name: &str, backend: B) {
    let cast = Cast::assemble();
    let (client, server) = (client(&cast, backend), server(&cast, Rustls::default()));
    let (near, far) = pair();
    let serving = thread::spawn(move || server.accept(far).unwrap());
    let mut stream = client.connect("localhost", near).unwrap();
    stream
        .get_ref()
        .set_read_timeout(Some(Duration::from_secs(9)))
        .unwrap();
    let silent = serving.join().unwrap();
    stream
        .close()
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let restored = stream.get_ref().read_timeout().unwrap();
    assert_eq!(restored, Some(Duration::from_secs(9)), "{name}");
    drop(silent);
}

#[test]
fn closing_ends_beside_a_silent_peer() {
    on_each_client!(a_silent_peer_is_not_awaited_for_ever);
}

/// In TLS 1.3 a server rejects after the client's handshake: closing reports it.
fn closing_reports_a_rejection<B: ClientBackend>(name: &str, backend: B, is_async: bool) {
    let cast = Cast::assemble();
    let client = client(&cast, backend);
    let other = mtls::PeerMatcher::common_name("other").unwrap();
    let server = mtls::MtlsServer::builder()
        .identity(super::identity(&cast.server))
        .trust_anchors(super::anchors(&cast))
        .policy(mtls::VerifierPolicy::allow(other))
        .build(Rustls::default())
        .unwrap();
    let (near, far) = pair();
    let serving = thread::spawn(move || server.accept(far).map(drop));
    let closed = if is_async {
        runtime().block_on(async {
            near.set_nonblocking(true).unwrap();
            let near = tokio::net::TcpStream::from_std(near).unwrap();
            let mut stream = client.connect_async("localhost", near).await.unwrap();
            stream.write_all(b"hello").await.unwrap();
            stream.shutdown().await
        })
    } else {
        let mut stream = client.connect("localhost", near).unwrap();
        stream.write_all(b"hello").unwrap();
        stream.close()
    };
    let error = closed.expect_err(name);
    let found = HandshakeError::find(&error);
    assert!(
        matches!(found, Some(HandshakeError::RejectedByPeer { .. })),
        "{name}: {error:?}"
    );
    assert!(serving.join().unwrap().unwrap_err().rejection().is_some());
}

#[test]
fn closing_tells_that_the_server_rejected_us() {
    on_each_client!(closing_reports_a_rejection, false);
    on_each_client!(closing_reports_a_rejection, true);
}
