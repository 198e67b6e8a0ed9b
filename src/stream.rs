use core::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use crate::backend::{
    Backend, CertificateRequest, DefaultBackend, HandshakeResult, SessionInfo, SessionVerifier,
    TlsStream,
};
use crate::connection::transport::{Deadline, Transport};
use crate::connection::{ConnectionHandle, StreamTracking};
use crate::peer::PeerIdentity;
use crate::rotation::Revision;

/// An established mutual TLS connection over a blocking transport.
///
/// `P` is the peer: a [`PeerIdentity`], or an `Option` of one on a server with
/// [`optional_client_auth`](crate::ServerBuilder::optional_client_auth).
///
/// In TLS 1.3 a client finishes its handshake before the server has verified it. If the server
/// rejects the client, a later read or write of the client fails with an [`io::Error`] of the kind
/// `ConnectionRefused` that wraps
/// [`HandshakeError::RejectedByPeer`](crate::HandshakeError::RejectedByPeer): see
/// [`HandshakeError::in_io_error`](crate::HandshakeError::in_io_error). Until the first bytes are
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
/// assert!(server.connection().is_none()); // it is not tracked
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MtlsStream<IO: Transport, P = PeerIdentity, B: Backend = DefaultBackend> {
    inner: B::Stream<Deadline<IO>>,
    state: ConnectionState<P>,
}

/// What the stream keeps about its connection after the handshake.
pub(crate) struct ConnectionState<P> {
    pub(crate) peer: P,
    pub(crate) session: SessionInfo,
    pub(crate) revision: u64,
    verifier: Arc<SessionVerifier>,
    acceptance: PeerAcceptance,
    /// Set if the connection is tracked.
    pub(crate) attached: Option<StreamTracking>,
    /// Whether the peer has closed the connection by a fatal alert. Nothing may be sent after it
    /// (RFC 8446, section 6.2), and OpenSSL reports an attempt as an error that would hide the
    /// first one.
    pub(crate) is_over: bool,
}

/// Whether the peer is known to have accepted us.
#[derive(Debug)]
pub(crate) enum PeerAcceptance {
    /// A TLS 1.3 server may still reject us; this is its certificate request.
    Awaited(CertificateRequest),
    Seen,
}

impl<P> ConnectionState<P> {
    /// Splits a finished handshake into the stream and the connection's state.
    pub(crate) fn of<S, C>(
        established: HandshakeResult<S>,
        peer: P,
        revision: &Revision<C>,
        acceptance: PeerAcceptance,
        attached: Option<StreamTracking>,
    ) -> (S, Self) {
        let state = Self {
            peer,
            session: established.session,
            revision: revision.number,
            verifier: Arc::clone(&revision.verifier),
            acceptance,
            attached,
            is_over: false,
        };
        (established.stream, state)
    }

    /// Returns an error if the peer was rejected and the connection is to be closed for it.
    pub(crate) fn check(&self) -> io::Result<()> {
        self.attached.as_ref().map_or(Ok(()), StreamTracking::check)
    }

    /// Converts an error that a read or write got from a fatal alert into one that gives the
    /// reason.
    pub(crate) fn explain<IO, S: TlsStream<IO>>(&mut self, error: io::Error) -> io::Error {
        let alert = S::received_alert(&error);
        self.is_over |= alert.is_some();
        match (&self.acceptance, alert) {
            (PeerAcceptance::Awaited(request), Some(alert)) => io::Error::new(
                io::ErrorKind::ConnectionRefused,
                self.verifier.rejected_by_peer(alert, request),
            ),
            _ => error,
        }
    }

    /// Records that application data has arrived, which means that the peer has accepted us.
    pub(crate) fn has_read(&mut self, bytes: usize) {
        if bytes > 0 {
            self.acceptance = PeerAcceptance::Seen;
        }
    }
}

impl<P: fmt::Debug> fmt::Debug for ConnectionState<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionState")
            .field("peer", &self.peer)
            .field("session", &self.session)
            .field("revision", &self.revision)
            .field("acceptance", &self.acceptance)
            .field("attached", &self.attached)
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}

impl<IO: Transport, P, B: Backend> MtlsStream<IO, P, B> {
    pub(crate) fn new<C>(
        established: HandshakeResult<B::Stream<Deadline<IO>>>,
        peer: P,
        revision: &Revision<C>,
        acceptance: PeerAcceptance,
        attached: Option<StreamTracking>,
    ) -> Self {
        let (inner, state) = ConnectionState::of(established, peer, revision, acceptance, attached);
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
        self.state.revision
    }

    /// Returns the handle that shows whether the peer would still be accepted.
    ///
    /// `None` unless [`live_connections`](crate::ClientBuilder::live_connections) tracks the
    /// connection, and for a client that stays anonymous.
    pub fn connection(&self) -> Option<&ConnectionHandle> {
        self.state.attached.as_ref().map(StreamTracking::live)
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

    /// Sends `close_notify` (RFC 8446, section 6.1): nothing more will be written.
    ///
    /// # Errors
    /// The transport's, and that of a connection that was closed because its peer was rejected.
    pub fn close(&mut self) -> io::Result<()> {
        if !self.state.is_over {
            self.attempt(TlsStream::close_notify)?;
        }
        match self.get_ref().shutdown_write() {
            // The peer has closed the connection already: nothing is left to shut down.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
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

impl<IO: Transport, P, B: Backend> Read for MtlsStream<IO, P, B> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let bytes = self.attempt(|stream| stream.read(buf))?;
        self.state.has_read(bytes);
        Ok(bytes)
    }
}

impl<IO: Transport, P, B: Backend> Write for MtlsStream<IO, P, B> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.attempt(|stream| stream.write(buf))
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
