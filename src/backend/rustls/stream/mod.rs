pub(super) mod handshake;
pub(super) mod handshake_params;
pub(super) mod side_connection;

use core::fmt;
use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;

use super::error::alert_in;
use super::session::VerifiedSession;
use super::slot::{HandshakeRecord, with_slot};
use crate::backend::io::pending_write::is_not_ready;
use crate::backend::key_export::BoxError;
use crate::backend::{SessionVerifier, TlsStream};
use crate::error::Alert;
use side_connection::SideConnection;

/// A rustls connection over its transport.
pub(crate) struct RustlsStream<IO> {
    connection: SideConnection,
    io: IO,
    /// Whether `close_notify` was sent.
    is_closed: bool,
    /// For a client that resumes: the verifier and the peer of its sessions.
    ///
    /// TLS 1.3 tickets come after the handshake.
    tickets: Option<Box<Tickets>>,
}

/// What tickets after the handshake are kept by.
type Tickets = (Arc<SessionVerifier>, Arc<VerifiedSession>);

impl<IO: Read + Write> RustlsStream<IO> {
    /// Sends the pending bytes, as far as the transport accepts them.
    fn send_pending(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            if self.connection.write_tls(&mut self.io)? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }

    /// Reads from the transport once and lets rustls process it. `false` at the transport's end.
    fn receive(&mut self) -> io::Result<bool> {
        if self.connection.read_tls(&mut self.io)? == 0 {
            return Ok(false);
        }
        if let Err(error) = self.process() {
            // There may be an alert to send; its cause matters more than a failure to send it.
            let _ = self.send_pending();
            return Err(io::Error::new(io::ErrorKind::InvalidData, error));
        }
        Ok(true)
    }

    pub(super) fn export(
        &self,
        output: &mut [u8],
        label: &str,
        context: Option<&[u8]>,
    ) -> Result<(), BoxError> {
        let connection = &self.connection;
        connection.export_keying_material(output, label.as_bytes(), context)
    }

    fn process(&mut self) -> Result<(), rustls::Error> {
        let Some(tickets) = &self.tickets else {
            return self.connection.process_new_packets().map(|_| ());
        };
        let (verifier, proof) = &**tickets;
        let record = HandshakeRecord {
            proof: Some(Arc::clone(proof)),
            ..HandshakeRecord::default()
        };
        let (result, _) = with_slot(verifier, record, || self.connection.process_new_packets());
        result.map(|_| ())
    }
}

impl<IO: Read + Write> Read for RustlsStream<IO> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.connection.reader().read(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
            // Sends what an earlier write left, key updates and the like. A failure to write must
            // not stop reading: the peer may wait for us to read first, or it has closed the
            // connection and its last records are unread.
            match self.send_pending() {
                Err(error) if error.kind() != io::ErrorKind::WouldBlock && !is_hang_up(&error) => {
                    return Err(error);
                }
                _ => {}
            }
            self.receive()?;
        }
    }
}

impl<IO: Read + Write> Write for RustlsStream<IO> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(buf)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        // Earlier records first, so that a slow transport slows the writer down.
        self.send_or_explain()?;
        let taken = self.connection.writer().write_vectored(slices)?;
        match self.send_or_explain() {
            // The bytes are accepted, and sent at the next call.
            Err(error) if is_not_ready(&error) => Ok(taken),
            result => result.map(|()| taken),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send_or_explain()?;
        self.io.flush()
    }
}

impl<IO: Read + Write> RustlsStream<IO> {
    /// Sends the pending bytes. If the peer closed the connection, prefers an unread alert.
    fn send_or_explain(&mut self) -> io::Result<()> {
        let Err(error) = self.send_pending() else {
            return Ok(());
        };
        // After our own `close_notify` the peer may still be connected, and silent.
        if is_hang_up(&error) && !self.is_closed {
            for _ in 0..MAX_LAST_READS {
                match self.receive() {
                    Ok(true) => {}
                    Err(alert) if alert_in(&alert).is_some() => return Err(alert),
                    Ok(false) | Err(_) => break,
                }
            }
        }
        Err(error)
    }
}

/// The most reads of a broken connection for an alert; one record fills a read.
const MAX_LAST_READS: usize = 16;

fn is_hang_up(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionReset
    )
}

impl<IO: Read + Write> TlsStream<IO> for RustlsStream<IO> {
    fn io(&self) -> &IO {
        &self.io
    }

    fn io_mut(&mut self) -> &mut IO {
        &mut self.io
    }

    fn close_notify(&mut self) -> io::Result<()> {
        self.connection.send_close_notify();
        self.is_closed = true;
        self.flush()
    }

    fn into_io(self) -> IO {
        self.io
    }

    fn received_alert(error: &io::Error) -> Option<Alert> {
        alert_in(error)
    }
}

impl<IO: fmt::Debug> fmt::Debug for RustlsStream<IO> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RustlsStream")
            .field("io", &self.io)
            .finish_non_exhaustive()
    }
}
