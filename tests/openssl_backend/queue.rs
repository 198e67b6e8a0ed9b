//! Errors that other code left in this thread's queue, which OpenSSL takes for those of its call.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use mtls::{HandshakeError, MtlsStream, OpenSsl, PeerIdentity, Rustls};
use openssl::error::ErrorStack;
use openssl::ssl::{Ssl, SslContextBuilder, SslMethod, SslStream};
use openssl::x509::X509;

use super::common::pki::{Cast, Leaf};
use super::common::raw::{Version, socket_pair};
use super::{client, everywhere, server};

type Stream<B> = MtlsStream<TcpStream, PeerIdentity, B>;

/// Leaves the errors of a certificate that cannot be read, and of another connection that ended by
/// a fatal alert.
fn leave_errors() {
    let strangers = [
        X509::from_der(b"no certificate").unwrap_err(),
        // A record with the fatal alert `handshake_failure`.
        failed_by(b"\x15\x03\x03\x00\x02\x02\x28"),
    ];
    strangers.iter().for_each(ErrorStack::put);
}

/// The error of a handshake that reads these bytes and the end.
fn failed_by(bytes: &[u8]) -> ErrorStack {
    let (near, mut far) = socket_pair();
    far.write_all(bytes).unwrap();
    far.shutdown(Shutdown::Write).unwrap();
    let context = SslContextBuilder::new(SslMethod::tls_client()).unwrap();
    let ssl = Ssl::new(&context.build()).unwrap();
    let error = SslStream::new(ssl, near).unwrap().connect().unwrap_err();
    error.ssl_error().unwrap().clone()
}

/// A client on rustls, and a server on OpenSSL.
fn connected(cast: &Cast, version: Version) -> (Stream<Rustls>, Stream<OpenSsl>) {
    let server = server(cast, version).build(OpenSsl::default()).unwrap();
    let client = client(cast, &cast.alice, version, Rustls::default());
    let (near, far) = socket_pair();
    let calling = thread::spawn(move || client.connect("localhost", near).unwrap());
    let far = server.accept(far).unwrap();
    (calling.join().unwrap(), far)
}

#[test]
fn they_are_no_errors_of_an_open_connection() {
    let cast = Cast::assemble();
    everywhere(|version| {
        let (mut near, mut far) = connected(&cast, version);
        let mut word = [0; 2];

        leave_errors();
        far.write_all(b"hi").unwrap();
        near.read_exact(&mut word).unwrap();
        near.write_all(b"ho").unwrap();
        leave_errors();
        far.read_exact(&mut word).unwrap();
        assert_eq!(&word, b"ho");

        let soon = Some(Duration::from_millis(20));
        far.get_ref().set_read_timeout(soon).unwrap();
        leave_errors();
        let error = far.read(&mut word).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "{error:?}");
        far.get_ref().set_read_timeout(None).unwrap();

        let closing = thread::spawn(move || near.close());
        leave_errors();
        assert_eq!(far.read(&mut word).unwrap(), 0);
        leave_errors();
        far.close().unwrap();
        closing.join().unwrap().unwrap();
        drop(ErrorStack::get());
    });
}

#[test]
fn a_full_transport_keeps_what_it_did_not_take() {
    let cast = Cast::assemble();
    everywhere(|version| {
        let (mut near, mut far) = connected(&cast, version);
        let soon = Some(Duration::from_millis(20));
        far.get_ref().set_write_timeout(soon).unwrap();
        let mut sent = 0;
        let error = loop {
            leave_errors();
            match far.write(&[7; 16 * 1024]) {
                Ok(written) => sent += written,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "{error:?}");
        far.get_ref().set_write_timeout(None).unwrap();
        let reading = thread::spawn(move || {
            let mut received = vec![0; sent];
            near.read_exact(&mut received).unwrap();
            assert!(received.iter().all(|byte| *byte == 7));
        });
        leave_errors();
        far.flush().unwrap();
        reading.join().unwrap();
        drop(ErrorStack::get());
    });
}

#[test]
fn they_do_not_hide_how_a_connection_ends() {
    let cast = Cast::assemble();
    everywhere(|version| {
        let (near, mut far) = connected(&cast, version);
        near.get_ref().shutdown(Shutdown::Both).unwrap();
        leave_errors();
        let error = far.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{error:?}");

        let (near, mut far) = connected(&cast, version);
        // A record in the clear.
        near.get_ref()
            .write_all(b"\x17\x03\x03\x00\x20an open word, in place of a record.")
            .unwrap();
        for _ in 0..2 {
            leave_errors();
            let error = far.read(&mut [0]).unwrap_err();
            assert_ne!(error.kind(), io::ErrorKind::WouldBlock, "{error:?}");
        }
        drop(ErrorStack::get());
    });
}

#[test]
fn a_rejection_is_read_as_one() {
    let cast = Cast::assemble();
    let eve = Leaf::named("eve").client().issued_by(&cast.root);
    let server = server(&cast, Version::Tls13)
        .build(Rustls::default())
        .unwrap();
    let client = client(&cast, &eve, Version::Tls13, OpenSsl::default());
    let (near, far) = socket_pair();
    let accepting = thread::spawn(move || server.accept(far).map(drop));
    let mut stream = client.connect("localhost", near).unwrap();
    assert!(accepting.join().unwrap().is_err());
    X509::from_der(b"no certificate").unwrap_err().put();
    let error = stream.read(&mut [0]).unwrap_err();
    let error = error.downcast::<HandshakeError>().unwrap();
    assert!(
        matches!(error, HandshakeError::RejectedByPeer { .. }),
        "{error:?}"
    );
    drop(ErrorStack::get());
}
