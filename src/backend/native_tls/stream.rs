use core::{fmt, mem};
use std::collections::VecDeque;
use std::io::{self, IoSlice, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

use native_tls::{MidHandshakeTlsStream, TlsStream as Native};
use pki_types::ServerName;

use super::config::NativeTlsClientConfig;
use super::error::{alert_in, from_io, from_native};
use super::record_observer::RecordObserver;
use super::verifier::verify_leaf;
use crate::backend::io::first_bytes::FirstBytes;
use crate::backend::io::pending_write::{PendingWrite, record_of};
use crate::backend::{
    CertificateRequest, Handshake, HandshakeError, HandshakeResult, ProtocolVersion, SessionInfo,
    TlsStream,
};
use crate::error::Alert;

/// A native-tls connection over its transport.
pub(crate) struct NativeTlsStream<IO> {
    inner: Native<RecordObserver<IO>>,
    pending: PendingWrite,
    /// Bytes that were read while a failed write was examined.
    kept: VecDeque<u8>,
    /// Whether application data has come: the server has accepted us.
    has_read: bool,
    is_closed: bool,
}

impl<IO: Read + Write> NativeTlsStream<IO> {
    /// Sends the pending bytes, as far as the transport accepts them.
    fn send_pending(&mut self) -> io::Result<()> {
        let inner = &mut self.inner;
        self.pending
            .send(|bytes| attempt(inner, |inner| inner.write(bytes)))
    }

    /// Prefers an unread alert, if the server closed the connection before it sent any data.
    fn explain(&mut self, error: io::Error) -> io::Error {
        if self.has_read || !is_hang_up(&error) {
            return error;
        }
        let mut buffer = [0; 1024];
        match attempt(&mut self.inner, |inner| inner.read(&mut buffer)) {
            Ok(read) => {
                self.has_read = read > 0;
                self.kept.extend(buffer.get(..read).unwrap_or_default());
                error
            }
            Err(alert) if alert_in(&alert).is_some() => alert,
            Err(_) => error,
        }
    }
}

/// Calls `act`, and restores the kind of a transport's error that the platform does not pass on.
fn attempt<IO: Read + Write, T>(
    inner: &mut Native<RecordObserver<IO>>,
    act: impl FnOnce(&mut Native<RecordObserver<IO>>) -> io::Result<T>,
) -> io::Result<T> {
    // An earlier call's failure must not count as this one's.
    inner.get_mut().failure = None;
    act(inner).map_err(|error| match (error.kind(), inner.get_ref().failure) {
        (io::ErrorKind::Other, Some(kind)) => io::Error::new(kind, error),
        _ => from_io(error),
    })
}

fn is_hang_up(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionReset
    )
}

impl<IO: Read + Write> Read for NativeTlsStream<IO> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if !self.kept.is_empty() {
            return self.kept.read(buf);
        }
        // A failure to write must not stop reading: the peer may wait for us to read first. It is
        // reported at the next write.
        let _ = self.send_pending();
        let read = attempt(&mut self.inner, |inner| inner.read(buf))?;
        self.has_read |= read > 0;
        match read {
            0 if !buf.is_empty() && self.inner.get_ref().records.has_ended() => {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            read => Ok(read),
        }
    }
}

impl<IO: Read + Write> Write for NativeTlsStream<IO> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        // Earlier bytes first, so that a slow transport slows the writer down.
        self.send_pending().map_err(|error| self.explain(error))?;
        let inner = &mut self.inner;
        let written = self
            .pending
            .write(buf, |bytes| attempt(inner, |inner| inner.write(bytes)));
        written.map_err(|error| self.explain(error))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write(&record_of(slices))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send_pending().map_err(|error| self.explain(error))?;
        attempt(&mut self.inner, Write::flush)
    }
}

impl<IO: Read + Write> TlsStream<IO> for NativeTlsStream<IO> {
    fn io(&self) -> &IO {
        self.inner.get_ref().io.get()
    }

    fn io_mut(&mut self) -> &mut IO {
        self.inner.get_mut().io.get_mut()
    }

    fn close_notify(&mut self) -> io::Result<()> {
        self.send_pending().map_err(|error| self.explain(error))?;
        // A second call on OpenSSL would wait for the peer's.
        if !self.is_closed {
            attempt(&mut self.inner, Native::shutdown)?;
            self.is_closed = true;
        }
        attempt(&mut self.inner, Write::flush)
    }

    fn into_io(mut self) -> IO {
        self.inner.get_mut().io.detach()
    }

    fn received_alert(error: &io::Error) -> Option<Alert> {
        alert_in(error)
    }
}

impl<IO: fmt::Debug> fmt::Debug for NativeTlsStream<IO> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeTlsStream")
            .field("io", &self.inner.get_ref().io)
            .finish_non_exhaustive()
    }
}

/// A client's handshake.
pub(crate) struct NativeTlsHandshake<IO> {
    config: NativeTlsClientConfig,
    server_name: ServerName<'static>,
    /// What the server sent first.
    first: Arc<Mutex<FirstBytes>>,
    state: State<IO>,
}

enum State<IO> {
    Started(RecordObserver<IO>),
    Interrupted(MidHandshakeTlsStream<RecordObserver<IO>>),
    Over,
}

impl<IO: Read + Write> NativeTlsHandshake<IO> {
    pub(super) fn new(
        config: NativeTlsClientConfig,
        server_name: ServerName<'static>,
        io: IO,
    ) -> Self {
        let first = Arc::default();
        Self {
            config,
            server_name,
            state: State::Started(RecordObserver::new(io, Arc::clone(&first))),
            first,
        }
    }

    fn connect(
        &self,
        io: RecordObserver<IO>,
    ) -> Result<Native<RecordObserver<IO>>, native_tls::HandshakeError<RecordObserver<IO>>> {
        let name = self.server_name.to_str();
        // The dot of the root is neither sent (RFC 6066, section 3) nor in certificates.
        let name = name.strip_suffix('.').unwrap_or(&name);
        self.config
            .connector_for(&self.server_name)
            .connect(name, io)
    }

    fn failed(&self, error: native_tls::Error) -> HandshakeError {
        let error = from_native(error, &self.server_name);
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let error = first.explain(error);
        self.config
            .verifier()
            .complete(error, &CertificateRequest::NotShown)
    }

    /// Verifies the server, and sends `close_notify` if we reject it.
    ///
    /// native-tls sends no other alert.
    fn finish(
        &self,
        mut inner: Native<RecordObserver<IO>>,
    ) -> Result<HandshakeResult<NativeTlsStream<IO>>, HandshakeError> {
        match self.verify(&mut inner) {
            Ok((version, peer, alpn)) => Ok(HandshakeResult {
                stream: NativeTlsStream {
                    inner,
                    pending: PendingWrite::default(),
                    kept: VecDeque::new(),
                    has_read: false,
                    is_closed: false,
                },
                peer: Some(peer),
                session: SessionInfo {
                    protocol_version: version,
                    cipher_suite: None,
                    key_exchange_group: None,
                    signature_scheme: None,
                    alpn,
                    server_name: match &self.server_name {
                        ServerName::DnsName(name) => Some(name.as_ref().into()),
                        _ => None,
                    },
                    is_resumed: false,
                },
                request: CertificateRequest::NotShown,
            }),
            Err(error) => {
                // The rejection matters more than a failure to send `close_notify`.
                let _ = inner.shutdown();
                Err(error)
            }
        }
    }

    fn verify(
        &self,
        inner: &mut Native<RecordObserver<IO>>,
    ) -> Result<VerifiedPeer, HandshakeError> {
        inner.get_mut().records.establish();
        let version = inner.get_ref().records.version();
        let spoken = self.config.versions();
        let version = match version {
            Some(version @ ProtocolVersion::Tls12) if spoken.tls12 => version,
            Some(version @ ProtocolVersion::Tls13) if spoken.tls13 => version,
            _ => {
                return Err(HandshakeError::backend(
                    "the server chose a TLS version that was not offered",
                ));
            }
        };
        let peer = verify_leaf(inner, self.config.verifier(), &self.server_name)?;
        let alpn = inner.negotiated_alpn().map_err(HandshakeError::backend)?;
        match &alpn {
            Some(chosen) if !self.config.alpn().contains(chosen) => Err(HandshakeError::backend(
                "the server chose an ALPN protocol that was not offered",
            )),
            _ => Ok((version, peer, alpn)),
        }
    }
}

type VerifiedPeer = (ProtocolVersion, crate::peer::PeerIdentity, Option<Vec<u8>>);

impl<IO: Read + Write> Handshake<IO> for NativeTlsHandshake<IO> {
    type Stream = NativeTlsStream<IO>;

    fn advance(&mut self) -> Result<HandshakeResult<Self::Stream>, HandshakeError> {
        let outcome = match mem::replace(&mut self.state, State::Over) {
            State::Started(io) => self.connect(io),
            State::Interrupted(handshake) => handshake.handshake(),
            State::Over => return Err(HandshakeError::backend("the handshake is over")),
        };
        match outcome {
            Ok(stream) => self.finish(stream),
            Err(native_tls::HandshakeError::Failure(error)) => Err(self.failed(error)),
            Err(native_tls::HandshakeError::WouldBlock(handshake)) => {
                self.state = State::Interrupted(handshake);
                Err(HandshakeError::Io(io::ErrorKind::WouldBlock.into()))
            }
        }
    }

    fn io_mut(&mut self) -> Option<&mut IO> {
        match &mut self.state {
            State::Started(observer) => Some(observer.io.get_mut()),
            State::Interrupted(handshake) => Some(handshake.get_mut().io.get_mut()),
            State::Over => None,
        }
    }
}

impl<IO> fmt::Debug for NativeTlsHandshake<IO> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeTlsHandshake")
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}
