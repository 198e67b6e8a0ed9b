//! The same over tokio.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use mtls::backend::ServerBackend;
use mtls::connection::{LiveConnections, ProtocolVersion};
use mtls::{AsyncMtlsStream, HandshakeError, PeerIdentity};
use tokio::io::{AsyncReadExt, AsyncWriteExt, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::{Cause, Stage, alice, assert_aborted, on_every_server};
use crate::common::raw::LIMIT;

type Stream<B> = AsyncMtlsStream<TcpStream, PeerIdentity, B>;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let bounded = async { timeout(LIMIT, future).await.expect("it never ended") };
    runtime.unwrap().block_on(bounded)
}

async fn meet<S: ServerBackend>(
    stage: &Stage,
    server: &mtls::MtlsServer<S>,
) -> (Stream<mtls::Rustls>, Stream<S>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let alice = alice(stage);
    let call = async {
        let tcp = TcpStream::connect(address).await.unwrap();
        let mut stream = alice.connect_async("localhost", tcp).await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        stream.flush().await.unwrap();
        stream
    };
    let serve = async {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut stream = server.accept_async(tcp).await.unwrap();
        let mut hello = [0; 5];
        stream.read_exact(&mut hello).await.unwrap();
        stream
    };
    tokio::join!(call, serve)
}

#[test]
fn streams_are_closed_while_they_read() {
    fn test<B: ServerBackend + Default>(version: ProtocolVersion) {
        for cause in Cause::ALL {
            let stage = Stage::new();
            let server = stage.server(version, LiveConnections::Close);
            let server = server.build(B::default()).unwrap();
            block_on(async {
                let (mut client, mut served) = meet(&stage, &server).await;
                let live = served.connection().clone();
                let reading = tokio::spawn(async move {
                    let result = served.read(&mut [0; 8]).await;
                    (served, result)
                });
                stage.strike(&server, cause);
                assert_eq!(
                    live.ended().await.rejection().unwrap().reason(),
                    cause.reason()
                );
                let (mut served, result) = reading.await.unwrap();
                assert_aborted(result, cause.reason());
                // While the stream is still there.
                let mut rest = Vec::new();
                let _ = client.read_to_end(&mut rest).await;
                assert_eq!(rest, b"");
                assert_aborted(served.read(&mut [0; 8]).await, cause.reason());
                assert_aborted(served.write(b"more").await, cause.reason());
                assert_aborted(served.flush().await, cause.reason());
                assert_aborted(served.shutdown().await, cause.reason());
            });
        }
    }
    on_every_server!(test);
}

#[test]
fn a_stream_that_is_read_after_the_rejection_shows_the_peer_the_end() {
    fn test<B: ServerBackend + Default>(version: ProtocolVersion) {
        let stage = Stage::new();
        let server = stage.server(version, LiveConnections::Close);
        let server = server.build(B::default()).unwrap();
        block_on(async {
            let (mut client, mut served) = meet(&stage, &server).await;
            stage.strike(&server, Cause::PolicyNarrowed);
            served.connection().ended().await;
            let reason = Cause::PolicyNarrowed.reason();
            // Known before anyone uses the stream.
            let error = served.connection().rejection_error();
            assert!(
                matches!(error.as_deref(), Some(HandshakeError::Rejected(why)) if why.reason() == reason),
                "{error:?}"
            );
            assert_aborted(served.read(&mut [0; 8]).await, reason);
            let mut rest = Vec::new();
            let end = client.read_to_end(&mut rest).await.unwrap_err();
            assert_eq!(end.kind(), std::io::ErrorKind::UnexpectedEof);
            drop(served);
        });
    }
    on_every_server!(test);
}

#[test]
fn both_halves_are_closed() {
    fn test<B: ServerBackend + Default>(version: ProtocolVersion) {
        let stage = Stage::new();
        let server = stage.server(version, LiveConnections::Close);
        let server = server.build(B::default()).unwrap();
        let reason = Cause::PolicyNarrowed.reason();
        block_on(async {
            let (_client, served) = meet(&stage, &server).await;
            let (mut reader, mut writer) = split(served);
            let reading = tokio::spawn(async move { reader.read(&mut [0; 8]).await });
            // The client does not read, so this waits sooner or later.
            let writing = tokio::spawn(async move {
                loop {
                    if let Err(error) = writer.write(&[0; 16 * 1024]).await {
                        return std::io::Result::<()>::Err(error);
                    }
                }
            });
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert!(!reading.is_finished() && !writing.is_finished());
            stage.strike(&server, Cause::PolicyNarrowed);
            assert_aborted(reading.await.unwrap(), reason);
            assert_aborted(writing.await.unwrap(), reason);
        });
    }
    on_every_server!(test);
}

#[test]
fn notified_streams_stay_open() {
    fn test<B: ServerBackend + Default>(version: ProtocolVersion) {
        let stage = Stage::new();
        let server = stage.server(version, LiveConnections::Notify);
        let server = server.build(B::default()).unwrap();
        block_on(async {
            let (mut client, mut served) = meet(&stage, &server).await;
            let live = served.connection().clone();
            stage.strike(&server, Cause::Revoked);
            assert_eq!(
                live.ended().await.rejection().unwrap().reason(),
                Cause::Revoked.reason()
            );
            // And again, for who asks later.
            assert_eq!(
                live.ended().await.rejection().unwrap().reason(),
                Cause::Revoked.reason()
            );
            client.write_all(b"ping").await.unwrap();
            client.flush().await.unwrap();
            let mut word = [0; 4];
            served.read_exact(&mut word).await.unwrap();
            assert_eq!(&word, b"ping");
        });
    }
    on_every_server!(test);
}

#[test]
fn a_client_is_closed_while_it_reads() {
    let stage = Stage::new();
    let client = stage.client(ProtocolVersion::Tls13, LiveConnections::Close);
    let client = client.build(mtls::Rustls::default()).unwrap();
    let server = super::plain_server(&stage);
    block_on(async {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let (stream, served) = tokio::join!(
            client.connect_async("localhost", near),
            server.accept_async(far)
        );
        let (mut stream, _served) = (stream.unwrap(), served.unwrap());
        let reading = tokio::spawn(async move { stream.read(&mut [0; 8]).await });
        stage.advance();
        assert_aborted(reading.await.unwrap(), Cause::Expired.reason());
    });
}

/// A waker that is counted by its clones.
struct Counted;

impl Wake for Counted {
    fn wake(self: Arc<Self>) {}
}

/// Many futures come and go, on no runtime at all; none leaves its waker behind.
#[test]
fn a_future_may_be_dropped() {
    let stage = Stage::new();
    let server = stage.server(ProtocolVersion::Tls13, LiveConnections::Notify);
    let server = server.build(mtls::Rustls::default()).unwrap();
    let (_client, served) = super::meet(&alice(&stage), &server);
    let live = served.connection();
    let counted = Arc::new(Counted);
    let waker = Waker::from(counted.clone());
    let mut context = Context::from_waker(&waker);
    let mut kept = pin!(live.ended());
    assert!(kept.as_mut().poll(&mut context).is_pending());
    for _ in 0..100 {
        let mut dropped = pin!(live.ended());
        assert!(dropped.as_mut().poll(&mut context).is_pending());
        assert!(dropped.as_mut().poll(&mut context).is_pending());
    }
    // Ours, the first waker, and that of the future that is kept.
    assert_eq!(Arc::strong_count(&counted), 3);
    stage.strike(&server, Cause::PolicyNarrowed);
    live.wait(LIMIT).expect("never notified");
    let Poll::Ready(rejection) = kept.as_mut().poll(&mut context) else {
        panic!("it does not know");
    };
    assert_eq!(
        rejection.rejection().unwrap().reason(),
        Cause::PolicyNarrowed.reason()
    );
}
