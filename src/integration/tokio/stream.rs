use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, Read, Write};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::poll_io::{PollIo, poll};
use crate::backend::{Backend, HandshakeResult, ProtocolVersion, SessionInfo, TlsStream};
use crate::connection::{LiveConnection, StreamTracking, Task};
use crate::rotation::Revision;
use crate::stream::{Acceptance, Facts};

/// An established mutual TLS connection over an asynchronous transport:
/// [`MtlsStream`](crate::MtlsStream) for tokio.
///
/// In TLS 1.3 a server's refusal reaches the client at its first read or write, as with
/// `MtlsStream`. To end the connection properly, shut it down: that sends `close_notify`.
pub struct AsyncMtlsStream<B: Backend, IO: AsyncRead + AsyncWrite + Send + Unpin, P> {
    inner: B::Stream<PollIo<IO>>,
    facts: Facts<P>,
}

impl<B: Backend, IO: AsyncRead + AsyncWrite + Send + Unpin, P> AsyncMtlsStream<B, IO, P> {
    pub(super) fn new<C>(
        established: HandshakeResult<B::Stream<PollIo<IO>>>,
        peer: P,
        revision: &Revision<C>,
        acceptance: Acceptance,
        attached: Option<StreamTracking>,
    ) -> Self {
        let (inner, facts) = Facts::of(established, peer, revision, acceptance, attached);
        Self { inner, facts }
    }

    /// Who is at the other end.
    pub fn peer(&self) -> &P {
        &self.facts.peer
    }

    /// What the handshake negotiated: version, cipher suite, key exchange and more.
    pub fn session(&self) -> &SessionInfo {
        &self.facts.session
    }

    /// The application protocol that both ends chose (RFC 7301), if they did.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.facts.session.alpn()
    }

    /// The TLS version of the connection.
    pub fn protocol_version(&self) -> ProtocolVersion {
        self.facts.session.protocol_version()
    }

    /// Whether the handshake resumed an earlier session, in which the peer showed the certificates
    /// that it was judged by again: see [`Resumption`](crate::Resumption). Never unless that was
    /// asked for.
    pub fn resumed(&self) -> bool {
        self.facts.session.is_resumed()
    }

    /// The number of the revision that the handshake ran under; the first is 1.
    pub fn revision(&self) -> u64 {
        self.facts.revision
    }

    /// Whether the peer would still be admitted, where
    /// [`live_connections`](crate::ClientBuilder::live_connections) has the connection tracked;
    /// `None` where it is not, and for a client that stays anonymous.
    pub fn live(&self) -> Option<&LiveConnection> {
        self.facts.attached.as_ref().map(StreamTracking::live)
    }

    /// The transport below.
    pub fn get_ref(&self) -> &IO {
        self.inner.io().io()
    }

    /// The transport below. Reading or writing it breaks the connection.
    pub fn get_mut(&mut self) -> &mut IO {
        self.inner.io_mut().io_mut()
    }
}

/// Nothing in it is pinned by its place: the transport is `Unpin`.
impl<B: Backend, IO: AsyncRead + AsyncWrite + Send + Unpin, P> Unpin for AsyncMtlsStream<B, IO, P> {}

impl<B: Backend, IO: AsyncRead + AsyncWrite + Send + Unpin, P> AsyncRead
    for AsyncMtlsStream<B, IO, P>
{
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let unfilled = buf.initialize_unfilled();
        let bytes = ready!(this.attempt(context, Task::Reader, |stream| stream.read(unfilled)))?;
        buf.advance(bytes);
        this.facts.has_read(bytes);
        Poll::Ready(Ok(()))
    }
}

impl<B: Backend, IO: AsyncRead + AsyncWrite + Send + Unpin, P> AsyncWrite
    for AsyncMtlsStream<B, IO, P>
{
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.attempt(context, Task::Writer, |stream| stream.write(buf))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.attempt(context, Task::Writer, Write::flush)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.facts.is_over {
            ready!(this.attempt(context, Task::Writer, TlsStream::close_notify))?;
        }
        match ready!(Pin::new(this.get_mut()).poll_shutdown(context)) {
            // The peer has closed meanwhile: nobody is left to say it to.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }
}

impl<B: Backend, IO: AsyncRead + AsyncWrite + Send + Unpin, P> AsyncMtlsStream<B, IO, P> {
    /// Does something with the connection for a task. If it is closed by then, or is during it,
    /// that is the error, whatever came of it.
    fn attempt<T>(
        &mut self,
        context: &mut Context<'_>,
        task: Task,
        act: impl FnOnce(&mut B::Stream<PollIo<IO>>) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        match self.unless_closed(context, task, act) {
            Ok(poll) => poll.map_err(|error| self.facts.explain::<_, B::Stream<PollIo<IO>>>(error)),
            Err(closed) => {
                // The other end is to see it also while the stream is kept. Should this fail or have to wait, dropping
                // it does that.
                let _ = Pin::new(self.get_mut()).poll_shutdown(context);
                Poll::Ready(Err(closed))
            }
        }
    }

    fn unless_closed<T>(
        &mut self,
        context: &Context<'_>,
        task: Task,
        act: impl FnOnce(&mut B::Stream<PollIo<IO>>) -> io::Result<T>,
    ) -> io::Result<Poll<io::Result<T>>> {
        self.facts.check()?;
        match task {
            Task::Reader => self.inner.io_mut().wake_reader(context),
            Task::Writer => self.inner.io_mut().wake_writer(context),
        }
        let result = poll(act(&mut self.inner));
        match &self.facts.attached {
            Some(attached) if result.is_pending() => attached.watch(context, task)?,
            _ => self.facts.check()?,
        }
        Ok(result)
    }
}

impl<B, IO, P> fmt::Debug for AsyncMtlsStream<B, IO, P>
where
    B: Backend,
    IO: AsyncRead + AsyncWrite + Send + Unpin + fmt::Debug,
    P: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncMtlsStream")
            .field("io", self.get_ref())
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}
