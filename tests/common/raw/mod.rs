//! Peers that verify nothing: they present whatever they are given, accept whatever they are shown, and tell what
//! happened. They drive the library from the other end of a real socket.
//!
//! ```text
//! for tool in raw::tools() {
//!     let server = tool.serve(Peer::new(Version::Tls13).presents(&cast.server).says(b"hello"));
//!     // ... connect the library to `server.address` ...
//!     let outcome = server.outcome();
//! }
//! ```

#[cfg(feature = "openssl")]
mod openssl;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod rustls;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use pki_types::CertificateDer;

use super::pki::Credential;

/// No read, write, accept or wait of a raw peer takes longer.
pub const LIMIT: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Tls12,
    Tls13,
}

impl Version {
    pub const ALL: [Self; 2] = [Self::Tls12, Self::Tls13];
}

/// How a raw peer behaves.
#[derive(Clone, Debug)]
pub struct Peer {
    version: Version,
    credential: Option<Credential>,
    alpn: Vec<Vec<u8>>,
    server_name: String,
    message: Vec<u8>,
    enough: usize,
    asks: bool,
}

impl Peer {
    /// Speaks this version only, presents nothing, says nothing, and as a client asks for `localhost`.
    pub fn new(version: Version) -> Self {
        Self {
            version,
            credential: None,
            alpn: Vec::new(),
            server_name: "localhost".to_owned(),
            message: Vec::new(),
            enough: usize::MAX,
            asks: true,
        }
    }

    /// Presents this chain, whole and in this order, whatever the other end asks for.
    pub fn presents(mut self, credential: &Credential) -> Self {
        self.credential = Some(credential.clone());
        self
    }

    /// Protocols of ALPN, the preferred first.
    pub fn alpn(mut self, protocols: &[&str]) -> Self {
        self.alpn = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
        self
    }

    /// For a client: what goes into SNI, unless it is an IP address.
    pub fn server_name(mut self, name: &str) -> Self {
        self.server_name = name.to_owned();
        self
    }

    /// What is sent as soon as the handshake is over.
    pub fn says(mut self, message: &[u8]) -> Self {
        self.message = message.to_vec();
        self
    }

    /// Closes after so many bytes were received, instead of reading until the other end closes.
    pub fn hears(mut self, bytes: usize) -> Self {
        self.enough = bytes;
        self
    }

    /// For a server: does not ask for a client certificate.
    pub fn asks_for_nothing(mut self) -> Self {
        self.asks = false;
        self
    }

    /// The chain to present, unless there is none in it.
    fn presented(&self) -> Option<&Credential> {
        self.credential.as_ref().filter(|c| !c.chain.is_empty())
    }
}

/// What a raw peer saw.
#[derive(Clone, Default)]
pub struct RawOutcome {
    /// Whether the handshake came to an end for this side. A TLS 1.3 client gets there before the server has verified
    /// it: its rejection then stands in `alert` all the same.
    pub completed: bool,
    /// The first error, in the words of the library underneath.
    pub error: Option<String>,
    /// The fatal alert that the other end sent (RFC 8446, section 6.2).
    pub alert: Option<u8>,
    pub alpn: Option<Vec<u8>>,
    /// Application bytes.
    pub received: Vec<u8>,
    /// What the other end presented, leaf first.
    pub presented: Vec<CertificateDer<'static>>,
}

impl RawOutcome {
    /// The handshake is complete, and nothing but an end without `close_notify` came after it.
    pub fn accepted(&self) -> bool {
        self.completed && self.alert.is_none()
    }

    fn failed(error: impl ToString) -> Self {
        Self {
            error: Some(error.to_string()),
            ..Self::default()
        }
    }
}

impl fmt::Debug for RawOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawOutcome")
            .field("completed", &self.completed)
            .field("error", &self.error)
            .field("alert", &self.alert)
            .field("alpn", &self.alpn.as_deref().map(String::from_utf8_lossy))
            .field("received", &String::from_utf8_lossy(&self.received))
            .field("presented", &self.presented.len())
            .finish()
    }
}

/// One TLS library as a raw peer.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    pub name: &'static str,
    client: fn(TcpStream, &Peer) -> RawOutcome,
    server: fn(TcpStream, &Peer) -> RawOutcome,
}

impl Tool {
    #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
    pub const RUSTLS: Self = Self {
        name: "rustls",
        client: rustls::client,
        server: rustls::server,
    };

    #[cfg(feature = "openssl")]
    pub const OPENSSL: Self = Self {
        name: "openssl",
        client: openssl::client,
        server: openssl::server,
    };

    /// Connects from a thread, shakes hands, speaks and listens.
    pub fn call(self, address: SocketAddr, peer: Peer) -> Pending {
        Pending::spawn(move || match connect(address) {
            Ok(socket) => (self.client)(socket, &peer),
            Err(error) => RawOutcome::failed(error),
        })
    }

    /// As [`call`](Self::call), over a socket that is connected already.
    pub fn call_over(self, socket: TcpStream, peer: Peer) -> Pending {
        Pending::spawn(move || (self.client)(bounded(socket).unwrap(), &peer))
    }

    /// Accepts one connection in a thread, shakes hands, speaks and listens.
    pub fn serve(self, peer: Peer) -> Serving {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let pending = Pending::spawn(move || match accept(&listener) {
            Ok(socket) => (self.server)(socket, &peer),
            Err(error) => RawOutcome::failed(error),
        });
        Serving { address, pending }
    }

    /// As [`serve`](Self::serve), over a socket that was accepted already.
    pub fn serve_over(self, socket: TcpStream, peer: Peer) -> Pending {
        Pending::spawn(move || (self.server)(bounded(socket).unwrap(), &peer))
    }
}

/// The libraries that are compiled in.
pub fn tools() -> Vec<Tool> {
    vec![
        #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
        Tool::RUSTLS,
        #[cfg(feature = "openssl")]
        Tool::OPENSSL,
    ]
}

/// Two connected sockets, both with time limits: the connecting end first.
pub fn socket_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let near = connect(listener.local_addr().unwrap()).unwrap();
    (near, accept(&listener).unwrap())
}

/// A raw server that waits for its one connection.
#[derive(Debug)]
pub struct Serving {
    pub address: SocketAddr,
    pending: Pending,
}

impl Serving {
    #[track_caller]
    pub fn outcome(self) -> RawOutcome {
        self.pending.outcome()
    }
}

/// A raw peer at work in its thread.
#[derive(Debug)]
pub struct Pending(Receiver<RawOutcome>);

impl Pending {
    /// Waits for its end. A peer that panicked, or is still at it after twice the limit, fails the test.
    #[track_caller]
    pub fn outcome(self) -> RawOutcome {
        let outcome = self.0.recv_timeout(2 * LIMIT);
        outcome.unwrap_or_else(|error| panic!("the raw peer never finished: {error}"))
    }

    fn spawn(work: impl FnOnce() -> RawOutcome + Send + 'static) -> Self {
        let (sender, receiver) = channel();
        thread::spawn(move || sender.send(work()));
        Self(receiver)
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    bounded(TcpStream::connect_timeout(&address, LIMIT)?)
}

fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    let deadline = Instant::now() + LIMIT;
    listener.set_nonblocking(true)?;
    loop {
        match listener.accept() {
            Ok((socket, _)) => {
                socket.set_nonblocking(false)?;
                return bounded(socket);
            }
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            Err(_) if Instant::now() > deadline => return Err(io::ErrorKind::TimedOut.into()),
            Err(_) => thread::sleep(Duration::from_millis(2)),
        }
    }
}

fn bounded(socket: TcpStream) -> io::Result<TcpStream> {
    socket.set_read_timeout(Some(LIMIT))?;
    socket.set_write_timeout(Some(LIMIT))?;
    socket.set_nodelay(true)?;
    Ok(socket)
}
