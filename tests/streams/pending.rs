//! Writes that were given up while the transport was full: exactly what was reported arrives.

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use mtls::Rustls;
use mtls::backend::ClientBackend;
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex,
};
use tokio::time::timeout;

use super::common::pki::Cast;
use super::{LIMIT, client, on_each_client, over_pipe, pair, runtime, server};

/// Each write has other bytes, so that those of an abandoned one are recognised.
fn what_is_reported_arrives<B: ClientBackend>(name: &str, backend: B, total: usize) {
    runtime().block_on(async {
        let (mut near, mut far) = over_pipe(backend, 8192).await;
        let reading = tokio::spawn(async move {
            let (mut received, mut buffer) = (Vec::new(), vec![0; 4096]);
            loop {
                match far.read(&mut buffer).await.unwrap() {
                    0 => return received,
                    read => received.extend_from_slice(&buffer[..read]),
                }
                // Slower than the writer, which gives up now and then.
                if received.len() % 5 == 0 {
                    tokio::time::sleep(Duration::from_micros(300)).await;
                }
            }
        });
        let (mut sent, mut given_up, mut turn) = (Vec::new(), 0_u32, 0_u32);
        while sent.len() < total {
            turn += 1;
            let bytes = vec![(turn % 251) as u8; 1 + (turn as usize * 7919) % 20_000];
            match timeout(Duration::from_micros(150), near.write(&bytes)).await {
                Ok(written) => sent.extend_from_slice(&bytes[..written.unwrap()]),
                Err(_) => given_up += 1,
            }
        }
        timeout(LIMIT, near.shutdown()).await.expect(name).unwrap();
        let received = timeout(LIMIT, reading).await.expect(name).unwrap();
        assert!(
            given_up > 10,
            "{name}: only {given_up} writes were given up"
        );
        assert_eq!(received.len(), sent.len(), "{name}");
        assert!(
            received == sent,
            "{name}: other bytes than those that were reported"
        );
    });
}

#[test]
fn ten_megabytes_through_abandoned_writes_arrive_byte_for_byte() {
    on_each_client!(what_is_reported_arrives, 10_000_000);
}

/// Shuts down one end while the other reads. Returns how many bytes came.
async fn shut_down(
    name: &str,
    mut near: impl AsyncWrite + Unpin,
    mut far: impl AsyncRead + Unpin + Send + 'static,
) -> usize {
    let reading = tokio::spawn(async move {
        let mut received = Vec::new();
        far.read_to_end(&mut received).await.map(|_| received.len())
    });
    timeout(LIMIT, near.shutdown()).await.expect(name).unwrap();
    reading.await.unwrap().unwrap()
}

/// The peer does not read: a write is given up, and the stream is shut down.
fn shutting_down_sends_what_was_taken<B: ClientBackend>(name: &str, backend: B) {
    runtime().block_on(async {
        let (mut near, far) = over_pipe(backend, 8192).await;
        let mut taken = 0;
        while let Ok(written) = timeout(Duration::from_millis(50), near.write(&[7; 16384])).await {
            taken += written.unwrap();
        }
        assert_eq!(shut_down(name, near, far).await, taken, "{name}");
    });
}

/// A shutdown that is given up has begun all the same, and goes on when it is called again.
fn nothing_is_written_after_an_abandoned_shutdown<B: ClientBackend>(name: &str, backend: B) {
    runtime().block_on(async {
        let (mut near, far) = over_pipe(backend, 8192).await;
        let taken = near.write(&[7; 16384]).await.unwrap();
        let shutdown = timeout(Duration::from_millis(50), near.shutdown());
        assert!(shutdown.await.is_err(), "{name}: the transport is full");
        let error = near.write(b"late").await.expect_err(name);
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{name}");
        assert_eq!(shut_down(name, near, far).await, taken, "{name}");
    });
}

#[test]
fn a_shutdown_that_is_given_up_can_be_repeated() {
    on_each_client!(nothing_is_written_after_an_abandoned_shutdown);
}

#[test]
fn a_shutdown_after_an_abandoned_write_ends_well() {
    on_each_client!(shutting_down_sends_what_was_taken);
}

/// The same over a blocking socket, whose writes time out.
fn what_is_reported_arrives_blocking<B: ClientBackend>(name: &str, backend: B) {
    const TOTAL: usize = 20_000_000;
    let cast = Cast::assemble();
    let (client, server) = (client(&cast, backend), server(&cast, Rustls::default()));
    let (near, far) = pair();
    let reading = thread::spawn(move || {
        let mut far = server.accept(far).unwrap();
        let (mut received, mut buffer) = (Vec::new(), vec![0; 1 << 20]);
        loop {
            match far.read(&mut buffer).unwrap() {
                0 => return received,
                read => received.extend_from_slice(&buffer[..read]),
            }
            if received.len() % 7 == 0 {
                thread::sleep(Duration::from_millis(10));
            }
        }
    });
    let mut near = client.connect("localhost", near).unwrap();
    near.get_ref()
        .set_write_timeout(Some(Duration::from_millis(1)))
        .unwrap();
    let (mut sent, mut timed_out, mut turn) = (Vec::new(), 0_u32, 0_u32);
    while sent.len() < TOTAL {
        turn += 1;
        let bytes = vec![(turn % 251) as u8; 1 + (turn as usize * 7919) % 20_000];
        match near.write(&bytes) {
            Ok(written) => sent.extend_from_slice(&bytes[..written]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => timed_out += 1,
            Err(error) => panic!("{name}: {error:?}"),
        }
    }
    near.get_ref().set_write_timeout(None).unwrap();
    near.close().unwrap();
    let received = reading.join().unwrap();
    assert!(timed_out > 3, "{name}: only {timed_out} writes timed out");
    assert!(
        received == sent,
        "{name}: other bytes than those that were reported"
    );
}

#[test]
fn writes_that_time_out_lose_and_repeat_nothing() {
    on_each_client!(what_is_reported_arrives_blocking);
}

/// A transport that takes no more, or whose other end does not read any more.
struct Choked {
    inner: DuplexStream,
    state: Arc<AtomicU8>,
}

const OPEN: u8 = 0;
const FULL: u8 = 1;
const BROKEN: u8 = 2;

impl AsyncRead for Choked {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buf)
    }
}

impl AsyncWrite for Choked {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.state.load(Ordering::SeqCst) {
            OPEN => Pin::new(&mut self.inner).poll_write(context, buf),
            FULL => Poll::Pending,
            _ => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// An early answer to an upload: it is read whole and in order, although the upload broke.
fn an_answer_is_read_beside_a_broken_write<B: ClientBackend>(name: &str, backend: B) {
    let cast = Cast::assemble();
    let (client, server) = (client(&cast, backend), server(&cast, Rustls::default()));
    runtime().block_on(async {
        let (near, far) = duplex(64 * 1024);
        let state = Arc::new(AtomicU8::new(OPEN));
        let choked = Choked {
            inner: near,
            state: Arc::clone(&state),
        };
        let (near, far) = tokio::join!(
            client.connect_async("localhost", choked),
            server.accept_async(far)
        );
        let (mut near, mut far) = (near.unwrap(), far.unwrap());
        state.store(FULL, Ordering::SeqCst);
        near.write_all(&[7; 1000]).await.unwrap();
        let answer: Vec<u8> = (0..3000_u32).map(|n| (n % 251) as u8).collect();
        far.write_all(&answer).await.unwrap();
        far.flush().await.unwrap();
        state.store(BROKEN, Ordering::SeqCst);
        let mut received = vec![0; answer.len()];
        let reading = timeout(LIMIT, near.read_exact(&mut received));
        reading.await.expect(name).unwrap();
        assert!(received == answer, "{name}: {:?}", &received[..8]);
    });
}

#[test]
fn an_early_answer_is_read_in_order() {
    on_each_client!(an_answer_is_read_beside_a_broken_write);
}
