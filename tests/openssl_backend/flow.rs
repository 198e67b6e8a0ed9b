//! Transports that are not ready, that are slow, and that end.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

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
