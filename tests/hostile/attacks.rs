use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::pki::Cast;
use crate::common::raw::{self, Peer, Version};
use crate::garbage::Garbage;
use crate::proxy::proxy;

const CONNECTIONS: u64 = 1000;
const AT_A_TIME: u64 = 8;
const SILENT: usize = 100;

/// Longer than the server lets a handshake take.
const SOON: Duration = Duration::from_secs(15);

/// A thousand connections that bring garbage. Some of them wait for what the server makes of it, some do not.
pub fn garbage(port: u16) {
    let hello = client_hello(Version::Tls13);
    thread::scope(|scope| {
        for seed in 0..AT_A_TIME {
            let mut garbage = Garbage::new(seed, &hello);
            scope.spawn(move || {
                for _ in 0..CONNECTIONS / AT_A_TIME {
                    let bytes = garbage.next();
                    send(port, &bytes, garbage.below(3) > 0).ok();
                }
            });
        }
    });
}

/// The server may hang up before everything is written, which is its right.
fn send(port: u16, bytes: &[u8], waits: bool) -> io::Result<()> {
    let mut socket = connect(port);
    socket.write_all(bytes)?;
    if waits {
        socket.shutdown(std::net::Shutdown::Write)?;
        io::copy(&mut socket, &mut io::sink())?;
    }
    Ok(())
}

/// Connections that say nothing, and stay.
pub fn half_open(port: u16) -> Silent {
    let mut sockets: Vec<_> = (0..SILENT).map(|_| connect(port)).collect();
    let hello = client_hello(Version::Tls12);
    // One half goes silent in the middle of a word.
    for socket in &mut sockets[SILENT / 2..] {
        // A server without room for them all has reset the first ones already.
        match socket.write_all(&hello[..hello.len() / 2]) {
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            written => written.unwrap(),
        }
    }
    Silent {
        sockets,
        since: Instant::now(),
    }
}

pub struct Silent {
    sockets: Vec<TcpStream>,
    since: Instant,
}

impl Silent {
    /// The server gives each of them up.
    pub fn wait_until_closed(self) {
        for mut socket in self.sockets {
            let left = SOON.saturating_sub(self.since.elapsed());
            socket
                .set_read_timeout(Some(left.max(Duration::from_millis(1))))
                .unwrap();
            let end = socket.read(&mut [0; 64]);
            let is_open = matches!(
                &end,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
            );
            assert!(!is_open, "still open after {SOON:?}");
        }
    }
}

/// True handshakes, of one who would be let in, that end after so many bytes.
pub fn cut_handshakes(port: u16, cast: &Cast) {
    for version in Version::ALL {
        let hello = client_hello(version);
        for length in (0..hello.len()).step_by(13) {
            send(port, &hello[..length], false).ok();
        }
        for most in (hello.len()..hello.len() + 2000).step_by(100) {
            let near = proxy(Ipv4Addr::LOCALHOST, port, most as u64).unwrap();
            let peer = Peer::new(version).presents(&cast.alice).alpn(&["http/1.1"]);
            let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            // What it ends in depends on where it is cut.
            raw::tools()[0].call(near, peer.says(request)).outcome();
        }
    }
}

/// The first that a client says.
fn client_hello(version: Version) -> Vec<u8> {
    let (near, mut far) = raw::socket_pair();
    let client = raw::tools()[0].call_over(near, Peer::new(version));
    let mut hello = vec![0; 4096];
    let length = far.read(&mut hello).unwrap();
    drop(far);
    client.outcome();
    hello.truncate(length);
    assert!(hello.starts_with(&[22, 3]) && length > 100, "{hello:?}");
    hello
}

fn connect(port: u16) -> TcpStream {
    let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    socket.set_write_timeout(Some(SOON)).unwrap();
    socket
}
