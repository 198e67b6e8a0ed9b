//! Streams, and what they keep about their connections.

pub(crate) mod connection_state;

use core::fmt;
use std::io::{self, IoSlice, Read, Write};

use crate::backend::key_export::{self, KeyExportError};
use crate::backend::{Backend, DefaultBackend, EndCause, KeyExporter, SessionInfo, TlsStream};
use crate::connection::ConnectionHandle;
#[cfg(doc)]
use crate::connection::WithoutTimeout;
use crate::connection::deadline::Deadline;
use crate::connection::transport::Transport;
use crate::handshake_loop::is_timeout;
use crate::peer::PeerIdentity;
pub(crate) use connection_state::{CLOSE_TIMEOUT, Closing, ConnectionState, PeerAcceptance};

/// An established mutual TLS connection over a blocking transport.
///
/// `P` is the peer: a [`PeerIdentity`], or an `Option` of one on a server with
/// [`optional_client_auth`](crate::ServerBuilder::optional_client_auth).
///
/// In TLS 1.3 a client finishes its handshake before the server has verified it. If the server
/// rejects the client, a later read or write of the client fails with an [`io::Error`] of the kind
/// `ConnectionRefused` that wraps
/// [`HandshakeError::RejectedByPeer`](crate::HandshakeError::RejectedByPeer): see
/// [`HandshakeError::find`](crate::HandshakeError::find). Until the first bytes are
/// read, every fatal alert is reported that way.
///
/// Dropping a stream does not send `close_notify`: call [`close`](Self::close) when everything is
/// written. Otherwise the peer cannot distinguish the end from a cut connection.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # use mtls::Rustls;
/// # let client = pki::client_builder().build(Rustls::default())?;
/// # let server = pki::server_builder().build(Rustls::default())?;
/// # let (mut client, mut server) = pki::connect(&client, &server);
/// use std::io::{Read, Write};
///
/// client.write_all(b"hello")?;
/// client.close()?;
/// let mut said = String::new();
/// server.read_to_string(&mut said)?;
/// assert_eq!(said, "hello");
/// assert_eq!(server.peer().common_name(), Some("payments"));
/// assert_eq!((server.revision(), server.session().alpn()), (1, None));
/// assert!(!server.connection().is_tracked());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MtlsStream<IO: Transport, P = PeerIdentity, B: Backend = DefaultBackend> {
    inner: B::Stream<Deadline<IO>>,
    state: ConnectionState<P>,
}

impl<IO: Transport, P, B: Backend> MtlsStream<IO, P, B> {
    pub(crate) fn new(inner: B::Stream<Deadline<IO>>, state: ConnectionState<P>) -> Self {
        Self { inner, state }
    }

    /// Returns the verified peer.
    pub fn peer(&self) -> &P {
        &self.state.peer
    }

    /// Returns what the handshake negotiated: version, cipher suite, key exchange and more.
    pub fn session(&self) -> &SessionInfo {
        &self.state.session
    }

    /// Returns the number of the revision that the handshake ran under; the first is 1.
    pub fn revision(&self) -> u64 {
        self.connection().revision()
    }

    /// Returns the handle of the connection: what is known about it, and whether it should end.
    pub fn connection(&self) -> &ConnectionHandle {
        self.state.tracking.handle()
    }

    /// Returns the transport below.
    pub fn get_ref(&self) -> &IO {
        self.inner.io().io()
    }

    /// Returns the transport below, mutably. Reading or writing it breaks the connection.
    ///
    /// ```
    /// # fn f(mut stream: mtls::MtlsStream<std::net::TcpStream>) -> std::io::Result<()> {
    /// println!("from {}", stream.get_ref().peer_addr()?);
    /// stream.get_mut().set_nodelay(true)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_mut(&mut self) -> &mut IO {
        self.inner.io_mut().io_mut()
    }

    /// Takes the transport, which may then be used without TLS.
    ///
    /// What was received and not read is lost, and what a full transport has not taken yet. Call
    /// [`close`](Self::close) first, unless the peer also ends TLS in another way.
    pub fn into_inner(self) -> IO {
        self.inner.into_io().into_io()
    }

    /// Closes the connection: sends `close_notify` and waits for the peer's end.
    ///
    /// `close_notify` (RFC 8446, section 6.1) says that nothing more will be written. The wait
    /// keeps the system from resetting the connection, which would lose what the peer has not read
    /// yet: the system does so when a socket is dropped while bytes of the peer are unread, such as
    /// session tickets. It takes at most 2 seconds and 64 KiB of application data, which later
    /// reads return. A transport [without time-outs](WithoutTimeout) or in non-blocking mode is not
    /// awaited.
    ///
    /// It does not show that the peer has processed what was written; only an answer does. A peer
    /// that reads for longer than 2 seconds may still lose data: read to the end before you drop
    /// the stream.
    ///
    /// # Errors
    /// The transport's, the peer's rejection or alert that arrives in that time, and that of a
    /// connection that was closed because its peer was rejected.
    pub fn close(&mut self) -> io::Result<()> {
        if self.state.closing < Closing::Notified {
            self.state.ends_by(EndCause::Closed);
            self.state.closing = Closing::Begun;
            if !self.state.is_over {
                self.attempt(TlsStream::close_notify)?;
            }
            self.state.closing = Closing::Notified;
        }
        ConnectionState::<P>::shut_down(self.get_ref().shutdown_write())?;
        if self.state.is_over || self.state.closing == Closing::Over {
            return Ok(());
        }
        let result = self.await_end();
        self.state.closing = Closing::Over;
        // The connection is over, so that its time-outs matter no more.
        let _ = self.inner.io_mut().lift();
        result
    }

    /// Reads on until the peer ends.
    fn await_end(&mut self) -> io::Result<()> {
        if !self.get_ref().has_timeouts() {
            return Ok(());
        }
        self.inner.io_mut().set(CLOSE_TIMEOUT);
        let mut buffer = [0; 4096];
        loop {
            let read = match self.attempt(|stream| stream.read(&mut buffer)) {
                Err(error) if is_timeout(&error) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map(|read| buffer.get(..read).unwrap_or_default()),
            };
            if let Some(result) = self.state.keep(read) {
                return result;
            }
        }
    }

    /// Runs `act` on the stream. If the connection is closed before or during it, that error is
    /// returned, whatever `act` returned.
    fn attempt<T>(
        &mut self,
        act: impl FnOnce(&mut B::Stream<Deadline<IO>>) -> io::Result<T>,
    ) -> io::Result<T> {
        self.state.check()?;
        let result = act(&mut self.inner);
        self.state.check()?;
        result.map_err(|error| self.state.explain::<_, B::Stream<Deadline<IO>>>(error))
    }
}

impl<IO: Transport, P, B: KeyExporter> MtlsStream<IO, P, B> {
    /// Exports keying material for another protocol (RFC 8446, section 7.5; RFC 5705).
    ///
    /// Both sides get the same bytes for the same `label`, `context` and length. `output` is filled
    /// and returned: 1 to 8160 bytes. The label has 1 to 249 bytes, of IANA's registry or one that
    /// begins with `EXPERIMENTAL`; the context has at most 65,535. No context and an empty one
    /// differ in TLS 1.2 alone.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let client = pki::client_builder().build(mtls::Rustls::default())?;
    /// # let server = pki::server_builder().build(mtls::Rustls::default())?;
    /// # let (client, server) = pki::connect(&client, &server);
    /// let key = client.export_keying_material([0; 32], "EXPERIMENTAL my protocol", None)?;
    /// assert_eq!(key, server.export_keying_material([0; 32], "EXPERIMENTAL my protocol", None)?);
    /// assert_eq!(client.tls_exporter()?, server.tls_exporter()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`KeyExportError`]: a length outside the limits, or the library's error.
    pub fn export_keying_material<T: AsMut<[u8]>>(
        &self,
        output: T,
        label: &str,
        context: Option<&[u8]>,
    ) -> Result<T, KeyExportError> {
        key_export::export::<B, _, _>(&self.inner, output, label, context)
    }

    /// Returns the channel binding `tls-exporter` (RFC 9266), such as for SCRAM.
    ///
    /// # Errors
    /// [`KeyExportError::NotTls13`], or the library's error.
    pub fn tls_exporter(&self) -> Result<[u8; 32], KeyExportError> {
        key_export::check_binding(self.session())?;
        self.export_keying_material([0; 32], key_export::BINDING, Some(&[]))
    }
}

impl<IO: Transport, P, B: Backend> Read for MtlsStream<IO, P, B> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.state.has_kept() {
            self.state.check()?;
            return self.state.read_kept(buf);
        }
        let bytes = self.attempt(|stream| stream.read(buf))?;
        self.state.has_read(bytes, buf.len());
        Ok(bytes)
    }
}

impl<IO: Transport, P, B: Backend> Write for MtlsStream<IO, P, B> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.state.check_open()?;
        self.attempt(|stream| stream.write(buf))
    }

    /// Writes as many slices as one TLS record takes.
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.state.check_open()?;
        self.attempt(|stream| stream.write_vectored(bufs))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt(Write::flush)
    }
}

impl<IO: Transport + fmt::Debug, P: fmt::Debug, B: Backend> fmt::Debug for MtlsStream<IO, P, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MtlsStream")
            .field("io", self.get_ref())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
