//! Broken and closed connections: the same kind of error on every backend, in our words.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use mtls::backend::ClientBackend;
use mtls::{MtlsStream, PeerIdentity, Rustls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::common::pki::Cast;
use super::{client, on_each_client, over_pipe, pair, runtime, server};

fn connected<B: ClientBackend>(
    backend: B,
) -> (
    MtlsStream<TcpStream, PeerIdentity, B>,
    MtlsStream<TcpStream, PeerIdentity, Rustls>,
) {
    let cast = Cast::assemble();
    let (client, server) = (client(&cast, backend), server(&cast, Rustls::default()));
    let (near, far) = pair();
    let serving = thread::spawn(move || server.accept(far).unwrap());
    let mut near = client.connect("localhost", near).unwrap();
    let mut far = serving.join().unwrap();
    // The client knows that it was accepted once it has read.
    far.write_all(b"1").unwrap();
    near.read_exact(&mut [0]).unwrap();
    (near, far)
}

fn the_first_write_after_a_reset_fails<B: ClientBackend>(name: &str, backend: B) {
    let (mut near, mut far) = connected(backend);
    near.write_all(&[0; 100]).unwrap();
    near.flush().unwrap();
    // Bytes of the client are unread: dropping the socket resets the connection.
    far.get_mut().set_nodelay(true).unwrap();
    drop(far);
    thread::sleep(Duration::from_millis(100));
    let error = near.write(&[0; 100]).expect_err(name);
    let kinds = [io::ErrorKind::ConnectionReset, io::ErrorKind::BrokenPipe];
    assert!(kinds.contains(&error.kind()), "{name}: {error:?}");
}

#[test]
fn a_write_after_a_reset_fails_at_once() {
    on_each_client!(the_first_write_after_a_reset_fails);
}

fn a_closed_stream_takes_no_more<B: ClientBackend>(name: &str, backend: B) {
    let (mut near, mut far) = connected(backend);
    let reading = thread::spawn(move || far.read_to_end(&mut Vec::new()).map(|_| far.close()));
    near.close().unwrap();
    for error in [
        near.write(b"late").expect_err(name),
        near.write_vectored(&[io::IoSlice::new(b"late")])
            .expect_err(name),
    ] {
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{name}");
        assert_eq!(error.to_string(), "this side has closed the connection");
    }
    reading.join().unwrap().unwrap().unwrap();
}

#[test]
fn a_write_after_our_end_is_one_error() {
    on_each_client!(a_closed_stream_takes_no_more);
}

/// A reader waits for the answer while a writer tries once more.
fn a_half_closed_stream_takes_no_more<B: ClientBackend>(name: &str, backend: B) {
    runtime().block_on(async {
        let (mut near, far) = over_pipe(backend, 64 * 1024).await;
        near.shutdown().await.unwrap();
        let mut byte = [0];
        let waiting = tokio::time::timeout(Duration::from_millis(50), near.read(&mut byte));
        assert!(waiting.await.is_err(), "{name}");
        let error = near.write(b"late").await.expect_err(name);
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{name}");
        drop(far);
    });
}

#[test]
fn an_asynchronous_write_after_our_end_is_the_same_error() {
    on_each_client!(a_half_closed_stream_takes_no_more);
}

fn a_cut_is_named<B: ClientBackend>(name: &str, backend: B) {
    let (mut near, far) = connected(backend);
    far.get_ref().shutdown(Shutdown::Write).unwrap();
    let error = near.read(&mut [0; 16]).expect_err(name);
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{name}");
    assert_eq!(
        error.to_string(),
        "the peer closed the connection without TLS close_notify",
        "{name}"
    );
}

#[test]
fn a_cut_connection_has_one_wording() {
    on_each_client!(a_cut_is_named);
}
