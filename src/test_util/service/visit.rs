use core::time::Duration;
use std::io::{self, Read};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, Error};

use super::verdict::{End, Evidence, Verdict};
use crate::error::alert::Alert;

/// The longest wait for a connection, and for the next bytes of a handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How much of what the service sends is read at once.
const BUFFER: usize = 16 * 1024;

/// One connection to a service, by hand: what ends it is seen as it is.
#[derive(Debug)]
pub(super) struct Visit {
    connection: ClientConnection,
    socket: TcpStream,
}

/// What one read brought.
enum Step {
    Data,
    Nothing,
    Over(Verdict),
    TimedOut,
}

impl Visit {
    /// Connects and performs the handshake, as far as a client sees it.
    pub(super) fn begin(
        config: Arc<ClientConfig>,
        address: SocketAddr,
        name: ServerName<'static>,
    ) -> Result<Self, Verdict> {
        let socket = TcpStream::connect_timeout(&address, HANDSHAKE);
        let socket = socket.map_err(Verdict::Unreachable)?;
        socket
            .set_write_timeout(Some(HANDSHAKE))
            .map_err(Verdict::Unreachable)?;
        let connection = ClientConnection::new(config, name).map_err(Verdict::NotTheService)?;
        let mut visit = Self { connection, socket };
        while visit.connection.is_handshaking() {
            visit.flush();
            if !visit.connection.is_handshaking() {
                break;
            }
            match visit.step(Instant::now() + HANDSHAKE) {
                Step::Data | Step::Nothing => {}
                Step::Over(verdict) => return Err(verdict),
                Step::TimedOut => return Err(Verdict::Stuck),
            }
        }
        visit.flush();
        Ok(visit)
    }

    /// Waits for the service's verdict, which in TLS 1.3 comes after the client's handshake.
    pub(super) fn verdict(&mut self, at_most: Duration) -> Verdict {
        let deadline = Instant::now() + at_most;
        loop {
            match self.step(deadline) {
                Step::Data => return Verdict::Accepted(Evidence::Data),
                Step::Nothing => {}
                Step::Over(verdict) => return verdict,
                Step::TimedOut => {
                    return Verdict::Accepted(Evidence::StillOpen {
                        after: at_most,
                        tickets: self.connection.tls13_tickets_received(),
                    });
                }
            }
        }
    }

    /// Waits for the end of an open connection. `None`: it is still open.
    pub(super) fn end(&mut self, deadline: Instant) -> Option<Verdict> {
        loop {
            match self.step(deadline) {
                Step::Data | Step::Nothing => {}
                Step::Over(verdict) => return Some(verdict),
                Step::TimedOut => return None,
            }
        }
    }

    /// Returns the service's leaf.
    pub(super) fn leaf(&self) -> Option<CertificateDer<'static>> {
        let presented = self.connection.peer_certificates()?;
        presented.first().cloned().map(CertificateDer::into_owned)
    }

    /// Writes what is to be written. The reason for an error is in what is still to be read.
    fn flush(&mut self) {
        while self.connection.wants_write() {
            if self.connection.write_tls(&mut self.socket).is_err() {
                break;
            }
        }
    }

    fn step(&mut self, deadline: Instant) -> Step {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Step::TimedOut;
        }
        if let Err(error) = self.socket.set_read_timeout(Some(left)) {
            return Step::Over(Verdict::Unreachable(error));
        }
        match self.connection.read_tls(&mut self.socket) {
            Ok(0) => return Step::Over(Verdict::Rejected(End::Closed)),
            Ok(_) => {}
            Err(error) => return over(&error),
        }
        let state = match self.connection.process_new_packets() {
            Ok(state) => state,
            Err(error) => {
                // Our own alert, where the fault is the service's.
                self.flush();
                return Step::Over(match error {
                    Error::AlertReceived(alert) => {
                        Verdict::Rejected(End::Alert(Alert::from_code(alert.into())))
                    }
                    other => Verdict::NotTheService(other),
                });
            }
        };
        if state.plaintext_bytes_to_read() > 0 {
            // Dropped: only that it came counts. The reader never blocks.
            let mut buffer = [0; BUFFER];
            while matches!(self.connection.reader().read(&mut buffer), Ok(1..)) {}
            return Step::Data;
        }
        if state.peer_has_closed() {
            return Step::Over(Verdict::Rejected(End::Closed));
        }
        Step::Nothing
    }
}

fn over(error: &io::Error) -> Step {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Step::TimedOut,
        io::ErrorKind::Interrupted => Step::Nothing,
        _ => Step::Over(Verdict::Rejected(End::Reset)),
    }
}
