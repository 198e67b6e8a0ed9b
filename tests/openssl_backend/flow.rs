//! Transports that are not ready, that are slow, and that end.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use mtls::connection::WithoutTimeout;
use mtls::{HandshakeError, MtlsServer, OpenSsl};

use super::common::pki::{Cast, Leaf};
use super::common::raw::{Peer, Tool, Version, socket_pair};
use super::{client, everywhere, server};

#[test]
fn a_rejection_reaches_a_client_that_only_writes() {
    let cast = Cast::assemble();
    let eve = Leaf::named("eve").client().issued_by(&cast.root);
    everywhere(|version| {
        let server = server(&cast, version).build(OpenSsl::default()).unwrap();
        let client = client(&cast, &eve, version, OpenSsl::default());
        let (near, far) = socket_pair();
        let accepting = std::thread::spawn(move || server.accept(far).map(drop));
        let error = match client.connect("localhost", near) {
            Err(error) => error,
            Ok(mut stream) => loop {
                if let Err(error) = stream.write_all(&[0; 4096]) {
                    break error.downcast::<HandshakeError>().unwrap();
                }
            },
        };
        assert!(
            matches!(error, HandshakeError::RejectedByPeer { .. }),
            "{error:?}"
        );
        assert!(accepting.join().unwrap().is_err());
    });
}

/// A server of the crate with a raw client at the other end.
fn connected(
    version: Version,
    peer: Peer,
) -> (
    mtls::MtlsStream<TcpStream, mtls::PeerIdentity, OpenSsl>,
    super::common::raw::Pending,
) {
    let cast = Cast::assemble();
    let server: MtlsServer<OpenSsl> = server(&cast, version).build(OpenSsl::default()).unwrap();
    let (near, far) = socket_pair();
    let caller = Tool::RUSTLS.call_over(near, peer.presents(&cast.alice));
    (server.accept(far).unwrap(), caller)
}

#[test]
fn closing_twice_closes_once_and_does_not_wait() {
    everywhere(|version| {
        let (mut stream, caller) = connected(version, Peer::new(version));
        stream.write_all(b"bye").unwrap();
        stream.close().unwrap();
        stream.close().ok();
        let outcome = caller.outcome();
        assert_eq!(
            (outcome.received.as_slice(), outcome.alert),
            (&b"bye"[..], None)
        );
    });
}

#[test]
fn a_cut_is_no_end() {
    let cast = Cast::assemble();
    everywhere(|version| {
        let server = server(&cast, version).build(OpenSsl::default()).unwrap();
        let client = client(&cast, &cast.alice, version, OpenSsl::default());
        let (near, far) = socket_pair();
        let calling = std::thread::spawn(move || {
            let stream = client.connect("localhost", near).unwrap();
            stream.get_ref().shutdown(Shutdown::Both).unwrap();
        });
        let mut stream = server.accept(far).unwrap();
        calling.join().unwrap();
        let error = stream.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    });
}

#[test]
fn a_time_out_of_the_transport_passes_through() {
    everywhere(|version| {
        let (mut stream, caller) = connected(version, Peer::new(version).hears(2));
        let soon = Some(Duration::from_millis(20));
        stream.get_ref().set_read_timeout(soon).unwrap();
        let error = stream.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        stream.write_all(b"ok").unwrap();
        stream.get_ref().set_read_timeout(None).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
        assert!(caller.outcome().accepted());
    });
}

/// Sends what is written only when it is flushed.
struct Held {
    socket: TcpStream,
    bytes: Vec<u8>,
}

impl Held {
    fn new(socket: TcpStream) -> WithoutTimeout<Self> {
        WithoutTimeout(Self {
            socket,
            bytes: Vec::new(),
        })
    }
}

impl Read for Held {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.read(buf)
    }
}

impl Write for Held {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.write_all(&self.bytes)?;
        self.bytes.clear();
        Ok(())
    }
}

#[test]
fn a_transport_that_waits_for_a_flush_gets_one() {
    let cast = Cast::assemble();
    everywhere(|version| {
        let server = server(&cast, version).build(OpenSsl::default()).unwrap();
        let client = client(&cast, &cast.alice, version, OpenSsl::default());
        let (near, far) = socket_pair();
        let calling = std::thread::spawn(move || {
            let mut stream = client.connect("localhost", Held::new(near)).unwrap();
            stream.write_all(b"hello").unwrap();
            stream.flush().unwrap();
            let mut said = String::new();
            stream.read_to_string(&mut said).unwrap();
            said
        });
        let mut stream = server.accept(Held::new(far)).unwrap();
        let mut word = [0; 5];
        stream.read_exact(&mut word).unwrap();
        assert_eq!(&word, b"hello");
        stream.write_all(b"world").unwrap();
        stream.close().unwrap();
        drop(stream);
        assert_eq!(calling.join().unwrap(), "world");
    });
}

#[test]
fn an_alert_is_flushed() {
    let cast = Cast::assemble();
    let eve = Leaf::named("eve").client().issued_by(&cast.root);
    everywhere(|version| {
        let server = server(&cast, version).build(OpenSsl::default()).unwrap();
        let (near, far) = socket_pair();
        let caller = Tool::OPENSSL.call_over(near, Peer::new(version).presents(&eve));
        assert!(server.accept(Held::new(far)).is_err());
        assert!(caller.outcome().alert.is_some());
    });
}
