use core::{fmt, mem};
use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::{Connection, HandshakeKind};

use super::convert::negotiated;
use super::error::{alert_in, from_io};
use super::slot::{Verdict, with_slot};
use crate::backend::{
    ClientAuth, Established, Handshake, HandshakeError, Judge, Request, TlsStream,
};
use crate::policy::{Alert, Rejection, RejectionReason};

/// A rustls connection over its transport.
pub struct RustlsStream<IO> {
    connection: Connection,
    io: IO,
    /// Whether we have said that nothing more will be written.
    is_closed: bool,
}

impl<IO: Read + Write> RustlsStream<IO> {
    /// Sends what waits, as far as the transport takes it.
    fn send_pending(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            if self.connection.write_tls(&mut self.io)? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }

    /// Reads from the transport once and lets rustls work on it. `false` at the end of the transport.
    fn receive(&mut self) -> io::Result<bool> {
        if self.connection.read_tls(&mut self.io)? == 0 {
            return Ok(false);
        }
        if let Err(error) = self.connection.process_new_packets() {
            // There may be an alert to send; the error that caused it matters more than whether it left.
            let _ = self.send_pending();
            return Err(io::Error::new(io::ErrorKind::InvalidData, error));
        }
        Ok(true)
    }
}

impl<IO: Read + Write> Read for RustlsStream<IO> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.connection.reader().read(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
            // What an earlier write left, key updates and the like. Where the transport does not take it now, reading
            // must still go on: the peer may be waiting for us to read before it does, or it has hung up and its last
            // words lie unread.
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
        // Earlier records first: this is what makes a slow transport slow the writer.
        self.send_or_explain()?;
        let taken = self.connection.writer().write(buf)?;
        // The bytes are taken, so a failure belongs to the next call.
        let _ = self.send_pending();
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send_or_explain()?;
        self.io.flush()
    }
}

impl<IO: Read + Write> RustlsStream<IO> {
    /// Sends what waits. Where the peer has hung up, its alert may lie unread and says more than a broken pipe.
    fn send_or_explain(&mut self) -> io::Result<()> {
        let Err(error) = self.send_pending() else {
            return Ok(());
        };
        // After our own goodbye the peer may be there still, and silent.
        if is_hang_up(&error) && !self.is_closed {
            for _ in 0..MAX_LAST_READS {
                match self.receive() {
                    Ok(true) => {}
                    Err(told) if alert_in(&told).is_some() => return Err(told),
                    Ok(false) | Err(_) => break,
                }
            }
        }
        Err(error)
    }
}

/// How often a broken connection is read from for an alert; one record fills a read.
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

/// A handshake of either end.
pub struct RustlsHandshake<IO> {
    /// `None` once it is over.
    stream: Option<RustlsStream<IO>>,
    judge: Arc<Judge>,
    client_auth: ClientAuth,
    verdict: Option<Verdict>,
    request: Request,
}

impl<IO: Read + Write> RustlsHandshake<IO> {
    pub(super) fn new(
        connection: Connection,
        io: IO,
        judge: Arc<Judge>,
        client_auth: ClientAuth,
    ) -> Self {
        let request = match &connection {
            Connection::Client(_) => Request::Awaited,
            Connection::Server(_) => Request::Unseen,
        };
        Self {
            stream: Some(RustlsStream {
                connection,
                io,
                is_closed: false,
            }),
            judge,
            client_auth,
            verdict: None,
            request,
        }
    }

    fn failed(&mut self, error: io::Error) -> HandshakeError {
        match self.verdict.take() {
            Some(Err(rejection)) => return HandshakeError::Rejected(rejection),
            // The transport may only not be ready: the handshake goes on, and the verdict is asked for at its end.
            admitted => self.verdict = admitted,
        }
        self.judge.complete(from_io(error), &self.request)
    }

    fn finish(
        &mut self,
        stream: RustlsStream<IO>,
    ) -> Result<Established<RustlsStream<IO>>, HandshakeError> {
        let connection = &stream.connection;
        if connection.handshake_kind() == Some(HandshakeKind::Resumed) {
            return Err(HandshakeError::backend(
                "a session was resumed, which is switched off",
            ));
        }
        let leaf = connection.peer_certificates().and_then(<[_]>::first);
        let peer = match (leaf, self.verdict.take()) {
            (Some(leaf), Some(Ok(peer))) if peer.leaf() == leaf.as_ref() => Some(peer),
            (Some(_), _) => {
                return Err(HandshakeError::backend(
                    "the peer's certificate was not judged",
                ));
            }
            (None, _) if self.client_auth == ClientAuth::Required => {
                let rejection = Rejection::new(RejectionReason::NoCertificate);
                return Err(HandshakeError::Rejected(self.judge.report(rejection)));
            }
            (None, _) => None,
        };
        Ok(Established {
            peer,
            alpn: connection.alpn_protocol().map(<[u8]>::to_vec),
            version: negotiated(connection.protocol_version()),
            request: mem::take(&mut self.request),
            stream,
        })
    }
}

impl<IO: Read + Write> Handshake<IO> for RustlsHandshake<IO> {
    type Stream = RustlsStream<IO>;

    fn advance(&mut self) -> Result<Established<Self::Stream>, HandshakeError> {
        let Some(stream) = &mut self.stream else {
            return Err(HandshakeError::backend("the handshake is over"));
        };
        let (result, heard) = with_slot(&self.judge, || {
            while stream.connection.is_handshaking() || stream.connection.wants_write() {
                if stream.connection.complete_io(&mut stream.io)? == (0, 0) {
                    return Err(io::ErrorKind::WriteZero.into());
                }
            }
            Ok(())
        });
        self.verdict = heard.verdict.or(self.verdict.take());
        if let Some(request) = heard.request {
            self.request = request;
        }
        match result {
            Err(error) => {
                // rustls tries once, and stops at the first record: in TLS 1.3 the alert is not the first.
                let _ = stream.send_pending();
                Err(self.failed(error))
            }
            Ok(()) => match self.stream.take() {
                Some(stream) => self.finish(stream),
                None => Err(HandshakeError::backend("the handshake is over")),
            },
        }
    }

    fn io_mut(&mut self) -> Option<&mut IO> {
        self.stream.as_mut().map(|stream| &mut stream.io)
    }
}

impl<IO> fmt::Debug for RustlsHandshake<IO> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RustlsHandshake").finish_non_exhaustive()
    }
}
