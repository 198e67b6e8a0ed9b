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
/// `P` is the peer: a [`PeerIdentity`](crate::PeerIdentity), or an `Option` of one on a server with
/// [`optional_client_auth`](crate::ServerBuilder::optional_client_auth).
///
/// In TLS 1.3 a client's handshake is over before the server has judged it. A server's refusal
/// reaches the client at its first read or write, as an [`io::Error`] of the kind
/// `ConnectionRefused` that wraps
/// [`HandshakeError::RejectedByPeer`](crate::HandshakeError::RejectedByPeer): see
/// [`HandshakeError::in_io_error`](crate::HandshakeError::in_io_error). Until the first bytes are
/// read, any fatal alert is told that way.
///
/// Dropping a stream does not say goodbye: call [`close`](Self::close) when everything is written,
/// or the peer cannot tell the end from a cut connection.
pub struct MtlsStream<IO: Transport, P = PeerIdentity, B: Backend = DefaultBackend> {
    inner: B::Stream<Deadline<IO>>,
    state: ConnectionState<P>,
}

/// What is known of a connection since its handshake.
pub(crate) struct ConnectionState<P> {
    pub(crate) peer: P,
    pub(crate) session: SessionInfo,
    pub(crate) revision: u64,
    verifier: Arc<SessionVerifier>,
    acceptance: PeerAcceptance,
    /// Where the connection is tracked.
    pub(crate) attached: Option<StreamTracking>,
    /// Whether the peer has ended the connection by a fatal alert: nothing may be sent then (RFC
    /// 8446, section 6.2), and OpenSSL makes an error of the attempt, which would hide the first.
    pub(crate) is_over: bool,
}

/// Whether the other end is known to have accepted us.
#[derive(Debug)]
pub(crate) enum PeerAcceptance {
    /// A TLS 1.3 server may still refuse us, whom it had asked so.
    Awaited(CertificateRequest),
    Seen,
}

impl<P> ConnectionState<P> {
    /// Takes a finished handshake apart: the stream, and what is known of it.
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

    /// Whether the connection may be used: its peer has not been rejected since, or nothing follows
    /// from that.
    pub(crate) fn check(&self) -> io::Result<()> {
        self.attached.as_ref().map_or(Ok(()), StreamTracking::check)
    }

    /// Turns a refusal that a read or write met with into one that says so.
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

    /// Application data has come: the other end has accepted us.
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

    /// Who is at the other end.
    pub fn peer(&self) -> &P {
        &self.state.peer
    }

    /// What the handshake negotiated: version, cipher suite, key exchange and more.
    pub fn session(&self) -> &SessionInfo {
        &self.state.session
    }

    /// The number of the revision that the handshake ran under; the first is 1.
    pub fn revision(&self) -> u64 {
        self.state.revision
    }

    /// Whether the peer would still be admitted, where
    /// [`live_connections`](crate::ClientBuilder::live_connections) has the connection tracked;
    /// `None` where it is not, and for a client that stays anonymous.
    pub fn connection(&self) -> Option<&ConnectionHandle> {
        self.state.attached.as_ref().map(StreamTracking::live)
    }

    /// The transport below.
    pub fn get_ref(&self) -> &IO {
        self.inner.io().io()
    }

    /// The transport below. Reading or writing it breaks the connection.
    pub fn get_mut(&mut self) -> &mut IO {
        self.inner.io_mut().io_mut()
    }

    /// Says to the peer that nothing more will be written (`close_notify`, RFC 8446, section 6.1).
    ///
    /// # Errors
    /// The transport's.
    pub fn close(&mut self) -> io::Result<()> {
        if !self.state.is_over {
            self.attempt(TlsStream::close_notify)?;
        }
        match self.get_ref().shutdown_write() {
            // The peer has closed meanwhile: nobody is left to say it to.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        }
    }

    /// Does something with the connection. If it is closed by then, or is during it, that is the
    /// error, whatever came of it.
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
