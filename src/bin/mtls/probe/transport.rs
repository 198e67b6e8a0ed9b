//! Sockets, bounded in time and in bytes.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::target::Target;
use crate::output::Finding;

/// Bytes that one connection may receive. A server that sends more is not read on.
const MAX_RECEIVED: usize = 1 << 20;
/// First bytes that are kept, to recognise what is not TLS.
const MAX_FIRST: usize = 64;
/// Addresses of one name that are tried.
const MAX_ADDRESSES: usize = 8;

/// The moment at which waiting ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(duration: Duration) -> Self {
        let now = Instant::now();
        Self(now.checked_add(duration).unwrap_or(now))
    }

    /// Returns the earlier one of this and a moment from now.
    pub(crate) fn at_most(self, duration: Duration) -> Self {
        Self(self.0.min(Self::after(duration).0))
    }

    /// `None` if it has passed.
    pub(crate) fn left(self) -> Option<Duration> {
        let left = self.0.saturating_duration_since(Instant::now());
        // A socket takes no timeout of zero.
        (left > Duration::ZERO).then_some(left)
    }
}

/// Returns the addresses of the host.
///
/// The system's resolver has no time limit, so it runs in a thread of its own.
pub(crate) fn resolve(target: &Target, deadline: Deadline) -> Result<Vec<SocketAddr>, Failure> {
    let (sender, receiver) = channel();
    let host = (target.host.clone(), target.port);
    thread::spawn(move || {
        let addresses = host.to_socket_addrs();
        // The receiver is gone after the time limit.
        let _ = sender.send(addresses.map(|all| all.take(MAX_ADDRESSES).collect::<Vec<_>>()));
    });
    let fault = |cause: Option<io::Error>| {
        let message = format!("the host {} has no address", target.host);
        let mut finding = Finding::fault("name_not_resolved", message)
            .hint("check the spelling of the host, and the name servers of this machine");
        finding.causes.extend(cause.map(|cause| cause.to_string()));
        Failure::unreachable(finding)
    };
    match receiver.recv_timeout(deadline.left().unwrap_or_default()) {
        Ok(Ok(addresses)) if addresses.is_empty() => Err(fault(None)),
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(error)) => Err(fault(Some(error))),
        Err(_) => Err(Failure::unreachable(
            Finding::fault(
                "timed_out",
                format!("no name server answered about {} in time", target.host),
            )
            .hint("check the name servers of this machine, or raise --timeout"),
        )),
    }
}

/// A connection to the server.
#[derive(Debug)]
pub(crate) struct Transport {
    socket: TcpStream,
    deadline: Deadline,
    received: usize,
    first: Vec<u8>,
}

impl Transport {
    /// Connects to the first address that answers; each has its share of the time.
    pub(crate) fn connect(
        addresses: &[SocketAddr],
        deadline: Deadline,
    ) -> Result<(Self, SocketAddr), Failure> {
        let mut last = None;
        for (index, address) in addresses.iter().enumerate() {
            let Some(left) = deadline.left() else { break };
            let others = u32::try_from(addresses.len().saturating_sub(index)).unwrap_or(1);
            let share = left.checked_div(others).unwrap_or(left);
            match TcpStream::connect_timeout(address, share) {
                Ok(socket) => {
                    let transport = Self {
                        socket,
                        deadline,
                        received: 0,
                        first: Vec::new(),
                    };
                    // Otherwise small records wait for the acknowledgement of earlier ones.
                    transport.socket.set_nodelay(true).map_err(Failure::io)?;
                    return Ok((transport, *address));
                }
                Err(error) => last = Some((address, error)),
            }
        }
        Err(Failure::unreachable(match last {
            Some((address, error)) => connect_fault(address, &error),
            None => Finding::fault("timed_out", "no connection was made in time")
                .hint("raise --timeout"),
        }))
    }

    pub(crate) fn deadline(&self) -> Deadline {
        self.deadline
    }

    pub(crate) fn set_deadline(&mut self, deadline: Deadline) {
        self.deadline = deadline;
    }

    /// Returns the first bytes that the server sent, or sent since [`start_tls`](Self::start_tls).
    pub(crate) fn first_bytes(&self) -> &[u8] {
        &self.first
    }

    /// Forgets the first bytes: TLS begins now.
    pub(crate) fn start_tls(&mut self) {
        self.first.clear();
    }
}

fn connect_fault(address: &SocketAddr, error: &io::Error) -> Finding {
    let finding = match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            Finding::fault("no_listener", format!("no program listens at {address}"))
                .hint("check the port, and that the server is running")
        }
        io::ErrorKind::TimedOut => {
            Finding::fault("timed_out", format!("{address} does not answer"))
                .hint("check the address and the firewalls on the way, or raise --timeout")
        }
        _ => Finding::fault("not_connected", format!("{address} cannot be reached"))
            .hint("check the address and the route to it"),
    };
    Finding {
        causes: vec![error.to_string()],
        ..finding
    }
}

impl Read for Transport {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.received >= MAX_RECEIVED {
            return Err(too_much());
        }
        let left = self.deadline.left().ok_or(io::ErrorKind::TimedOut)?;
        self.socket.set_read_timeout(Some(left))?;
        let length = self.socket.read(buffer).map_err(as_timeout)?;
        self.received = self.received.saturating_add(length);
        let free = MAX_FIRST.saturating_sub(self.first.len());
        self.first
            .extend(buffer.iter().take(length.min(free)).copied());
        Ok(length)
    }
}

impl Write for Transport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.deadline.left().ok_or(io::ErrorKind::TimedOut)?;
        self.socket.set_write_timeout(Some(left))?;
        self.socket.write(bytes).map_err(as_timeout)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

/// The error of a server that sends without an end.
fn too_much() -> io::Error {
    io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!("it sent more than {MAX_RECEIVED} bytes"),
    )
}

/// Systems differ in the error of a socket's timeout.
fn as_timeout(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => error,
    }
}
