//! Small slices that are written together travel in one record.

use std::io::{self, IoSlice, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mtls::Rustls;
use mtls::backend::ClientBackend;
use mtls::connection::Transport;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::common::pki::Cast;
use super::{client, on_each_client, over_pipe, pair, runtime, server};

/// A socket that keeps what is written to it.
struct Recorder(TcpStream, Arc<Mutex<Vec<u8>>>);

impl Read for Recorder {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl Write for Recorder {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.0.write(buf)?;
        self.1.lock().unwrap().extend_from_slice(&buf[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Transport for Recorder {
    fn read_timeout(&self) -> io::Result<Option<Duration>> {
        self.0.read_timeout()
    }

    fn write_timeout(&self) -> io::Result<Option<Duration>> {
        self.0.write_timeout()
    }

    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.set_read_timeout(timeout)
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.set_write_timeout(timeout)
    }

    fn shutdown_write(&self) -> io::Result<()> {
        self.0.shutdown(std::net::Shutdown::Write)
    }
}

fn records(mut bytes: &[u8]) -> usize {
    let mut records = 0;
    while let [_, _, _, high, low, rest @ ..] = bytes {
        bytes = &rest[usize::from(u16::from_be_bytes([*high, *low]))..];
        records += 1;
    }
    records
}

fn slices_are_one_record<B: ClientBackend>(name: &str, backend: B) {
    let cast = Cast::assemble();
    let (client, server) = (client(&cast, backend), server(&cast, Rustls::default()));
    let (near, far) = pair();
    let serving = thread::spawn(move || {
        let mut received = Vec::new();
        server
            .accept(far)
            .unwrap()
            .read_to_end(&mut received)
            .unwrap();
        received
    });
    let written = Arc::default();
    let mut stream = client
        .connect("localhost", Recorder(near, Arc::clone(&written)))
        .unwrap();
    written.lock().unwrap().clear();
    let parts: Vec<[u8; 20]> = (0..100).map(|part| [part; 20]).collect();
    let slices: Vec<_> = parts.iter().map(|part| IoSlice::new(part)).collect();
    assert_eq!(stream.write_vectored(&slices).unwrap(), 2000, "{name}");
    stream.flush().unwrap();
    assert_eq!(records(&written.lock().unwrap()), 1, "{name}");
    // More than one record holds: as much as fits is taken, in order.
    let large = vec![9; 12_000];
    let both = [IoSlice::new(&large), IoSlice::new(&large)];
    let taken = stream.write_vectored(&both).unwrap();
    assert!((16_000..=24_000).contains(&taken), "{name}: {taken}");
    stream.close().unwrap();
    let received = serving.join().unwrap();
    assert_eq!(received.len(), 2000 + taken, "{name}");
    assert_eq!(received[..2000], parts.concat(), "{name}");
}

#[test]
fn a_hundred_small_slices_are_one_record() {
    on_each_client!(slices_are_one_record);
}

fn asynchronous_slices_are_taken_together<B: ClientBackend>(name: &str, backend: B) {
    runtime().block_on(async {
        let (mut near, mut far) = over_pipe(backend, 64 * 1024).await;
        assert!(near.is_write_vectored(), "{name}");
        let parts = [[3; 20]; 100];
        let slices: Vec<_> = parts.iter().map(|part| IoSlice::new(part)).collect();
        assert_eq!(near.write_vectored(&slices).await.unwrap(), 2000, "{name}");
        near.flush().await.unwrap();
        let mut received = [0; 2000];
        far.read_exact(&mut received).await.unwrap();
        assert_eq!(received, [3; 2000]);
    });
}

#[test]
fn asynchronous_streams_take_slices() {
    on_each_client!(asynchronous_slices_are_taken_together);
}
