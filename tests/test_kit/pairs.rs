//! Pairs in memory, on every backend.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::connection::Transport;
use mtls::test_util::{Fault, MemoryTransport, TestCa, connect_pair};
use mtls::{HandshakeError, OpenSsl, RejectionReason, Rustls};

use crate::{NAME, client_builder, server_builder};

fn meet(client: impl ClientBackend + Clone, server: impl ServerBackend) {
    let ca = TestCa::new("Example CA");
    let server = server_builder(&ca).build(server).unwrap();
    let with = |identity| {
        let builder = client_builder(&ca).identity(identity);
        builder.build(client.clone()).unwrap()
    };
    let good = with(ca.leaf("client").dns("client.example").issue());
    let (near, far) = connect_pair(&good, &server, NAME);
    let (mut near, mut far) = (near.unwrap(), far.unwrap());
    near.write_all(b"hello").unwrap();
    let mut buffer = [0; 5];
    far.read_exact(&mut buffer).unwrap();
    assert_eq!(&buffer, b"hello");
    assert!(far.peer().dns_names().any(|name| name == "client.example"));
    near.close().unwrap();
    assert_eq!(far.read(&mut buffer).unwrap(), 0);

    let expired = with(ca.leaf("client").fault(Fault::Expired).issue());
    let (near, far) = connect_pair(&expired, &server, NAME);
    let Err(HandshakeError::Rejected(rejection)) = far else {
        panic!("{far:?}");
    };
    assert_eq!(rejection.reason(), RejectionReason::Expired);
    // In TLS 1.3 the client learns of it at its first read.
    if let Ok(mut near) = near {
        assert!(near.read(&mut buffer).is_err());
    }
}

#[test]
fn rustls_and_openssl_in_all_four_ways() {
    meet(Rustls::default(), Rustls::default());
    meet(Rustls::default(), OpenSsl::default());
    meet(OpenSsl::default(), Rustls::default());
    meet(OpenSsl::default(), OpenSsl::default());
}

#[cfg(feature = "native-tls")]
#[test]
fn native_tls_is_a_client() {
    meet(mtls::NativeTls::default(), Rustls::default());
}

#[test]
fn a_read_times_out() {
    let (mut near, _far) = MemoryTransport::pair();
    let at_most = Duration::from_millis(20);
    near.set_read_timeout(Some(at_most)).unwrap();
    let begin = Instant::now();
    let error = near.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    assert!(begin.elapsed() >= at_most);
}

#[test]
fn an_end_that_is_gone_is_written_to_in_vain() {
    let (mut near, far) = MemoryTransport::pair();
    near.write_all(b"x").unwrap();
    drop(far);
    assert_eq!(
        near.write_all(b"x").unwrap_err().kind(),
        io::ErrorKind::BrokenPipe
    );
    assert_eq!(near.read(&mut [0]).unwrap(), 0);
}

#[test]
fn another_thread_ends_a_waiting_read() {
    let (mut near, _far) = MemoryTransport::pair();
    let shut_down = near.shutdown_handle().unwrap().unwrap();
    let reading = std::thread::spawn(move || near.read(&mut [0]));
    shut_down();
    assert_eq!(reading.join().unwrap().unwrap(), 0);
}
