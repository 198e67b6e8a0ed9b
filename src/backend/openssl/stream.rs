use core::fmt;
use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;

use openssl::ssl::{Ssl, SslStream};

use super::io_fault::IoFault;
use super::slot::Slot;
use super::transport_adapter::{TransportAdapter, attempt, attempt_open};
use super::{convert, error, slot};
use crate::backend::io::pending_write::{PendingWrite, record_of};
use crate::backend::key_export::BoxError;
use crate::backend::{
    CertificateRequest, ClientAuthMode, Handshake, HandshakeError, HandshakeResult,
    SessionVerifier, TlsStream,
};
use crate::error::Alert;

/// An OpenSSL connection over its transport.
pub(crate) struct OpenSslStream<IO> {
    ssl: SslStream<TransportAdapter<IO>>,
    pending: PendingWrite,
    /// Whether `close_notify` was sent: a further shutdown would wait for the peer's.
    closed: bool,
}

impl<IO: Read + Write> OpenSslStream<IO> {
    fn new(ssl: SslStream<TransportAdapter<IO>>) -> Self {
        Self {
            ssl,
            pending: PendingWrite::default(),
            closed: false,
        }
    }

    /// Sends the pending bytes, as far as the transport accepts them.
    fn send_pending(&mut self) -> io::Result<()> {
        let ssl = &mut self.ssl;
        self.pending.send(|bytes| write(ssl, bytes))
    }

    pub(super) fn export(
        &self,
        output: &mut [u8],
        label: &str,
        context: Option<&[u8]>,
    ) -> Result<(), BoxError> {
        let ssl = self.ssl.ssl();
        Ok(ssl.export_keying_material(output, label, context)?)
    }

    /// Prefers an unread alert to the error of a connection that the peer closed.
    fn explain(&mut self, error: io::Error) -> io::Error {
        if !error::is_hang_up(&error) {
            return error;
        }
        match attempt(&mut self.ssl, |ssl| ssl.ssl_peek(&mut [0])).map_err(error::from_stream) {
            Err(found) if error::alert_in(&found).is_some() => found,
            _ => error,
        }
    }
}

fn write<IO: Read + Write>(
    ssl: &mut SslStream<TransportAdapter<IO>>,
    bytes: &[u8],
) -> io::Result<usize> {
    attempt_open(ssl, |ssl| ssl.ssl_write(bytes)).map_err(error::from_stream)
}

impl<IO: Read + Write> Read for OpenSslStream<IO> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        // A failure to write must not stop reading: the peer may wait for us to read first. It is
        // reported at the next write.
        let _ = self.send_pending();
        match attempt_open(&mut self.ssl, |ssl| ssl.ssl_read(buf)) {
            Err(IoFault::End) => Ok(0),
            result => result.map_err(error::from_stream),
        }
    }
}

impl<IO: Read + Write> Write for OpenSslStream<IO> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        // Earlier bytes first, so that a slow transport slows the writer down.
        self.send_pending().map_err(|error| self.explain(error))?;
        let ssl = &mut self.ssl;
        let written = self.pending.write(buf, |bytes| write(ssl, bytes));
        written.map_err(|error| self.explain(error))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write(&record_of(slices))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send_pending().map_err(|error| self.explain(error))?;
        self.io_mut().flush()
    }
}

impl<IO: Read + Write> TlsStream<IO> for OpenSslStream<IO> {
    fn io(&self) -> &IO {
        self.ssl.get_ref().io.get()
    }

    fn io_mut(&mut self) -> &mut IO {
        self.ssl.get_mut().io.get_mut()
    }

    fn close_notify(&mut self) -> io::Result<()> {
        self.send_pending().map_err(|error| self.explain(error))?;
        if !self.closed {
            attempt(&mut self.ssl, SslStream::shutdown).map_err(error::from_stream)?;
            self.closed = true;
        }
        self.io_mut().flush()
    }

    fn into_io(mut self) -> IO {
        self.ssl.get_mut().io.detach()
    }

    fn received_alert(error: &io::Error) -> Option<Alert> {
        error::alert_in(error)
    }
}

impl<IO: fmt::Debug> fmt::Debug for OpenSslStream<IO> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenSslStream")
            .field("io", &self.ssl.get_ref().io)
            .finish_non_exhaustive()
    }
}

/// A handshake of either side.
pub(crate) struct OpenSslHandshake<IO> {
    /// `None` once it is over.
    ssl: Option<SslStream<TransportAdapter<IO>>>,
    verifier: Arc<SessionVerifier>,
    end: SideParams,
}

/// The parameters of our side.
pub(super) enum SideParams {
    Client {
        /// The ALPN protocols in our hello.
        offered: Arc<[Vec<u8>]>,
    },
    Server {
        client_auth: ClientAuthMode,
    },
}

impl<IO: Read + Write> OpenSslHandshake<IO> {
    pub(super) fn new(
        ssl: Ssl,
        io: IO,
        verifier: Arc<SessionVerifier>,
        end: SideParams,
    ) -> Result<Self, HandshakeError> {
        Ok(Self {
            ssl: Some(
                SslStream::new(ssl, TransportAdapter::new(io)).map_err(HandshakeError::backend)?,
            ),
            verifier,
            end,
        })
    }

    fn failed(&self, ssl: &SslStream<TransportAdapter<IO>>, fault: IoFault) -> HandshakeError {
        if let Some(rejection) = slot::rejection(ssl.ssl()) {
            return rejection;
        }
        self.verifier
            .complete(error::from_handshake(fault), &CertificateRequest::NotShown)
    }

    fn finish(
        &self,
        ssl: SslStream<TransportAdapter<IO>>,
    ) -> Result<HandshakeResult<OpenSslStream<IO>>, HandshakeError> {
        let alpn = ssl.ssl().selected_alpn_protocol().map(<[u8]>::to_vec);
        let client_auth = match &self.end {
            SideParams::Client { offered } => {
                if alpn
                    .as_ref()
                    .is_some_and(|chosen| !offered.contains(chosen))
                {
                    let problem = "the server chose an ALPN protocol that was not offered";
                    return Err(HandshakeError::backend(problem));
                }
                ClientAuthMode::Required
            }
            SideParams::Server { client_auth } => *client_auth,
        };
        let peer = slot::conclude(ssl.ssl(), &self.verifier, client_auth)?;
        Slot::clear(ssl.ssl());
        Ok(HandshakeResult {
            peer,
            session: convert::session(ssl.ssl(), alpn),
            request: CertificateRequest::NotShown,
            stream: OpenSslStream::new(ssl),
        })
    }
}

impl<IO: Read + Write> Handshake<IO> for OpenSslHandshake<IO> {
    type Stream = OpenSslStream<IO>;

    fn advance(&mut self) -> Result<HandshakeResult<Self::Stream>, HandshakeError> {
        let Some(mut ssl) = self.ssl.take() else {
            return Err(HandshakeError::backend("the handshake is over"));
        };
        let result = attempt(&mut ssl, |ssl| match self.end {
            SideParams::Client { .. } => ssl.connect(),
            SideParams::Server { .. } => ssl.accept(),
        });
        let flushed = ssl.get_mut().flush_if_due();
        match result.and_then(|()| flushed.map_err(IoFault::Io)) {
            Ok(()) => self.finish(ssl),
            Err(fault) => {
                let error = self.failed(&ssl, fault);
                // The transport is needed again: to continue, or to let the peer read the alert.
                self.ssl = Some(ssl);
                Err(error)
            }
        }
    }

    fn io_mut(&mut self) -> Option<&mut IO> {
        let ssl = self.ssl.as_mut()?;
        Some(ssl.get_mut().io.get_mut())
    }
}

impl<IO> fmt::Debug for OpenSslHandshake<IO> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenSslHandshake").finish_non_exhaustive()
    }
}
