use core::{fmt, mem};
pub(super) mod handshake_params;

use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;

use rustls::{Connection, HandshakeKind};

use super::error::{alert_in, from_io};
use super::session::VerifiedSession;
use super::session_info;
use super::slot::{HandshakeRecord, with_slot};
use crate::backend::key_export::BoxError;
use crate::backend::pending_write::is_not_ready;
use crate::backend::{
    CertificateRequest, ClientAuthMode, Handshake, HandshakeError, HandshakeResult,
    SessionVerifier, TlsStream,
};
use crate::error::Alert;
use crate::peer::PeerIdentity;
use crate::policy::{Rejection, RejectionReason};
use handshake_params::{HandshakeParams, SideParams};

/// A rustls connection over its transport.
pub(crate) struct RustlsStream<IO> {
    /// On the heap, because futures hold the stream.
    connection: Box<Connection>,
    io: IO,
    /// Whether `close_notify` was sent.
    is_closed: bool,
    /// For a client that resumes: the verifier and the peer of its sessions.
    ///
    /// TLS 1.3 tickets come after the handshake.
    tickets: Option<(Arc<SessionVerifier>, Arc<VerifiedSession>)>,
}

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
        connection.export_keying_material(output, label.as_bytes(), context)?;
        Ok(())
    }

    fn process(&mut self) -> Result<(), rustls::Error> {
        let Some((verifier, proof)) = &self.tickets else {
            return self.connection.process_new_packets().map(|_| ());
        };
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

/// Returns the peer's leaf in rustls.
fn leaf(connection: &Connection) -> Option<&[u8]> {
    connection.peer_certificates()?.first().map(AsRef::as_ref)
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

/// A handshake of either side.
pub(crate) struct RustlsHandshake<IO> {
    /// `None` once it is over.
    stream: Option<RustlsStream<IO>>,
    params: HandshakeParams,
    record: HandshakeRecord,
}

impl<IO: Read + Write> RustlsHandshake<IO> {
    pub(super) fn new(
        connection: Connection,
        io: IO,
        params: HandshakeParams,
        record: HandshakeRecord,
    ) -> Self {
        Self {
            stream: Some(RustlsStream {
                connection: Box::new(connection),
                io,
                is_closed: false,
                tickets: None,
            }),
            params,
            record,
        }
    }

    fn failed(&mut self, error: io::Error) -> HandshakeError {
        match self.record.verdict.take() {
            Some(Err(rejection)) => return HandshakeError::Rejected(rejection),
            // The transport may only not be ready: the handshake continues and needs the verdict at
            // its end.
            accepted => self.record.verdict = accepted,
        }
        let verifier = &self.params.verifier;
        verifier.complete(from_io(error), &self.record.request)
    }

    fn finish(
        &mut self,
        mut stream: RustlsStream<IO>,
    ) -> Result<HandshakeResult<RustlsStream<IO>>, HandshakeError> {
        let connection = &stream.connection;
        let resumed = connection.handshake_kind() == Some(HandshakeKind::Resumed);
        let peer = if resumed {
            Some(self.reverified_peer(connection)?)
        } else {
            self.verified_peer(connection)?
        };
        if let (true, SideParams::Client(_)) = (self.params.resumes, &self.params.end) {
            stream.tickets = self.tickets(peer.as_ref());
        }
        let connection = &stream.connection;
        Ok(HandshakeResult {
            peer,
            session: session_info::of(connection, &self.params.end, self.record.signature, resumed),
            // In a resumed session the server does not request a certificate.
            request: if resumed {
                CertificateRequest::NotShown
            } else {
                mem::take(&mut self.record.request)
            },
            stream,
        })
    }

    /// Returns the peer of a full handshake.
    fn verified_peer(
        &mut self,
        connection: &Connection,
    ) -> Result<Option<PeerIdentity>, HandshakeError> {
        let verdict = self.record.verdict.take();
        match (leaf(connection), verdict) {
            (Some(leaf), Some(Ok(peer))) if peer.leaf() == leaf => Ok(Some(peer)),
            (Some(_), _) => Err(HandshakeError::backend(
                "the peer's certificate was not verified",
            )),
            (None, _) => match self.params.end {
                SideParams::Server(ClientAuthMode::Optional) => Ok(None),
                SideParams::Server(ClientAuthMode::Required) | SideParams::Client(_) => {
                    let rejection = Rejection::new(RejectionReason::NoCertificate);
                    Err(HandshakeError::Rejected(
                        self.params.verifier.report(rejection),
                    ))
                }
            },
        }
    }

    /// Returns the peer of a resumed session, which the session store verified again.
    fn reverified_peer(&self, connection: &Connection) -> Result<PeerIdentity, HandshakeError> {
        let HandshakeParams {
            verifier,
            end,
            resumes,
        } = &self.params;
        if !resumes {
            return Err(HandshakeError::backend(
                "a session was resumed, which is switched off",
            ));
        }
        let peer = match (leaf(connection), &self.record.proof) {
            (Some(leaf), Some(proof)) if proof.peer.leaf() == leaf => proof.peer.clone(),
            _ => {
                return Err(HandshakeError::backend(
                    "a session was resumed whose peer was not verified again",
                ));
            }
        };
        match end {
            SideParams::Client(name) => verifier.shadow_resumed_server(&peer, name),
            SideParams::Server(_) => verifier.shadow_resumed_client(&peer),
        }
        Ok(peer)
    }

    fn tickets(
        &mut self,
        peer: Option<&PeerIdentity>,
    ) -> Option<(Arc<SessionVerifier>, Arc<VerifiedSession>)> {
        let verifier = &self.params.verifier;
        let proof = match self.record.proof.take() {
            Some(proof) => proof,
            None => Arc::new(VerifiedSession::new(verifier, peer?.clone())?),
        };
        Some((Arc::clone(verifier), proof))
    }
}

impl<IO: Read + Write> Handshake<IO> for RustlsHandshake<IO> {
    type Stream = RustlsStream<IO>;

    fn advance(&mut self) -> Result<HandshakeResult<Self::Stream>, HandshakeError> {
        let Some(stream) = &mut self.stream else {
            return Err(HandshakeError::backend("the handshake is over"));
        };
        let record = mem::take(&mut self.record);
        let (result, record) = with_slot(&self.params.verifier, record, || {
            while stream.connection.is_handshaking() || stream.connection.wants_write() {
                if stream.connection.complete_io(&mut stream.io)? == (0, 0) {
                    return Err(io::ErrorKind::WriteZero.into());
                }
            }
            Ok(())
        });
        self.record = record;
        match result {
            Err(error) => {
                // rustls tries once, and stops after the first record: in TLS 1.3 the alert comes
                // later.
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

#[cfg(all(test, feature = "aws-lc-rs"))]
mod tests;
