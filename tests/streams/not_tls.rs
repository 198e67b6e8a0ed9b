//! Peers that do not speak TLS, or only an old version, and sockets in the wrong mode.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::connection::Transport;
use mtls::error::NotTls;
use mtls::{HandshakeError, OpenSsl, Rustls};

use super::common::pki::Cast;
use super::{client, on_each_client, pair, runtime, server};

const CASES: [(&[u8], NotTls); 6] = [
    (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", NotTls::Http),
    (b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n", NotTls::ProxyHeader),
    (b"SSH-2.0-OpenSSH_9.2\r\n", NotTls::Ssh),
    (b"\0\0\0\x08\x04\xd2\x16\x2f", NotTls::PostgreSql),
    (b"220 mail.example ESMTP\r\n", NotTls::Greeting),
    (b"hello\r\n", NotTls::Unknown),
];

fn speak(mut tcp: TcpStream, bytes: &'static [u8]) {
    tcp.write_all(bytes).unwrap();
    // Whatever the other side answers.
    tcp.read_to_end(&mut Vec::new()).ok();
}

#[track_caller]
fn assert_found(name: &str, error: &HandshakeError, expected: NotTls) {
    match error {
        HandshakeError::NotTls { found } => assert_eq!(*found, expected, "{name}"),
        other => panic!("{name}: {expected:?} is reported as {other:?}"),
    }
}

fn a_server_names_the_protocol<B: ServerBackend>(name: &str, backend: B) {
    let server = server(&Cast::assemble(), backend);
    for (bytes, expected) in CASES {
        let (near, far) = pair();
        let speaking = thread::spawn(move || speak(near, bytes));
        assert_found(name, &server.accept(far).unwrap_err(), expected);
        speaking.join().unwrap();
        let (near, far) = pair();
        let speaking = thread::spawn(move || speak(near, bytes));
        let error = runtime().block_on(async {
            far.set_nonblocking(true).unwrap();
            let far = tokio::net::TcpStream::from_std(far).unwrap();
            server.accept_async(far).await.unwrap_err()
        });
        assert_found(name, &error, expected);
        speaking.join().unwrap();
    }
}

#[test]
fn a_server_names_a_client_s_other_protocol() {
    a_server_names_the_protocol("rustls", Rustls::default());
    a_server_names_the_protocol("openssl", OpenSsl::default());
}

fn a_client_names_the_protocol<B: ClientBackend>(name: &str, backend: B) {
    let client = client(&Cast::assemble(), backend);
    for (bytes, expected) in CASES {
        let (near, far) = pair();
        let speaking = thread::spawn(move || speak(far, bytes));
        let error = client.connect("localhost", near).unwrap_err();
        assert_found(name, &error, expected);
        speaking.join().unwrap();
    }
}

#[test]
fn a_client_names_a_server_s_other_protocol() {
    on_each_client!(a_client_names_the_protocol);
}

/// A client hello of TLS 1.1, as old clients send it.
fn old_hello() -> &'static [u8] {
    static HELLO: [u8; 58] = {
        let mut hello = [0; 58];
        let head = [22, 3, 1, 0, 53, 1, 0, 0, 49, 3, 2];
        let mut at = 0;
        while at < head.len() {
            hello[at] = head[at];
            at += 1;
        }
        // No session, the suites ECDHE-RSA-AES128-SHA and AES128-SHA, no compression, and a
        // length of extensions.
        let tail = [0, 0, 4, 0xc0, 0x13, 0, 0x2f, 1, 0, 0, 0];
        let mut at = 0;
        while at < tail.len() {
            hello[43 + at] = tail[at];
            at += 1;
        }
        hello
    };
    &HELLO
}

fn an_old_client_is_named<B: ServerBackend>(name: &str, backend: B) {
    let server = server(&Cast::assemble(), backend);
    let (near, far) = pair();
    let speaking = thread::spawn(move || speak(near, old_hello()));
    match server.accept(far).unwrap_err() {
        HandshakeError::UnsupportedVersion { version } => assert_eq!(version, "TLS 1.1", "{name}"),
        other => panic!("{name}: {other:?}"),
    }
    speaking.join().unwrap();
}

#[test]
fn a_client_without_tls_1_2_is_named() {
    an_old_client_is_named("rustls", Rustls::default());
    an_old_client_is_named("openssl", OpenSsl::default());
}

/// A transport that has time-outs, and is more than a socket.
#[derive(Debug)]
struct Wrapped {
    socket: TcpStream,
    /// Whether the system has given the connection up.
    is_lost: bool,
}

impl Read for Wrapped {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.is_lost {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.socket.read(buf)
    }
}

impl Write for Wrapped {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.socket.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

impl Transport for Wrapped {
    fn read_timeout(&self) -> io::Result<Option<Duration>> {
        self.socket.read_timeout()
    }

    fn write_timeout(&self) -> io::Result<Option<Duration>> {
        self.socket.write_timeout()
    }

    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.socket.set_read_timeout(timeout)
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.socket.set_write_timeout(timeout)
    }

    fn shutdown_write(&self) -> io::Result<()> {
        self.socket.shutdown(Shutdown::Write)
    }
}

fn a_non_blocking_transport_is_named<B: ClientBackend>(name: &str, backend: B) {
    let client = client(&Cast::assemble(), backend);
    let (near, _far) = pair();
    near.set_nonblocking(true).unwrap();
    let transport = Wrapped {
        socket: near,
        is_lost: false,
    };
    let error = client.connect("localhost", transport).unwrap_err();
    assert!(
        error.hint().contains("set_nonblocking(false)"),
        "{name}: {error:?}"
    );
}

#[test]
fn a_blocking_call_on_a_non_blocking_transport_says_so() {
    on_each_client!(a_non_blocking_transport_is_named);
}

fn a_lost_connection_stays_an_error_of_the_system<B: ClientBackend>(name: &str, backend: B) {
    let client = client(&Cast::assemble(), backend);
    let (socket, _far) = pair();
    let transport = Wrapped {
        socket,
        is_lost: true,
    };
    match client.connect("localhost", transport).unwrap_err() {
        HandshakeError::Io(error) => {
            assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{name}");
        }
        other => panic!("{name}: {other:?}"),
    }
}

/// native-tls keeps the transport, so that the deadline cannot be asked: each time-out is ours.
#[test]
fn a_connection_that_the_system_gave_up_is_no_late_handshake() {
    a_lost_connection_stays_an_error_of_the_system("rustls", Rustls::default());
    a_lost_connection_stays_an_error_of_the_system("openssl", OpenSsl::default());
}

/// The handshake waits for the socket; what comes after it returns `WouldBlock` as any other.
#[cfg(target_os = "linux")]
fn a_non_blocking_socket_is_waited_for<B: ClientBackend>(name: &str, backend: B) {
    let cast = Cast::assemble();
    let client = client(&cast, backend);
    let server = server(&cast, Rustls::default());
    let (near, far) = pair();
    near.set_nonblocking(true).unwrap();
    let serving = thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        server.accept(far).unwrap()
    });
    let mut stream = client.connect("localhost", near).unwrap();
    let _server = serving.join().unwrap();
    let error = stream.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "{name}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_handshake_waits_for_a_non_blocking_socket() {
    on_each_client!(a_non_blocking_socket_is_waited_for);
}
