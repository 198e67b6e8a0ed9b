use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, Read, Write};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::poll_io::{PollIo, poll};
use crate::backend::{Backend, DefaultBackend, HandshakeResult, SessionInfo, TlsStream};
use crate::connection::{ConnectionHandle, StreamTracking, Task};
use crate::peer::PeerIdentity;
use crate::rotation::Revision;
use crate::stream::{ConnectionState, PeerAcceptance};

/// An established mutual TLS connection over an asynchronous transport:
/// [`MtlsStream`](crate::MtlsStream) for tokio.
///
/// In TLS 1.3 a server's refusal reaches the client at its first read or write, as with
/// `MtlsStream`. To end the connection properly, shut it down: that sends `close_notify`.
pub struct AsyncMtlsStream<
    IO: AsyncRead + AsyncWrite + Send + Unpin,
    P = PeerIdentity,
    B: Backend = DefaultBackend,
> {
    inner: B::Stream<PollIo<IO>>,
    state: ConnectionState<P>,
}

impl<IO: AsyncRead + AsyncWrite + Send + Unpin, P, B: Backend> AsyncMtlsStream<IO, P, B> {
    pub(super) fn new<C>(
        established: HandshakeResult<B::Stream<PollIo<IO>>>,
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
}

/// Nothing in it is pinned by its place: the transport is `Unpin`.
impl<IO: AsyncRead + AsyncWrite + Send + Unpin, P, B: Backend> Unpin for AsyncMtlsStream<IO, P, B> {}

impl<IO: AsyncRead + AsyncWrite + Send + Unpin, P, B: Backend> AsyncRead
    for AsyncMtlsStream<IO, P, B>
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
        this.state.has_read(bytes);
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncRead + AsyncWrite + Send + Unpin, P, B: Backend> AsyncWrite
    for AsyncMtlsStream<IO, P, B>
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
        if !this.state.is_over {
            ready!(this.attempt(context, Task::Writer, TlsStream::close_notify))?;
        }
        match ready!(Pin::new(this.get_mut()).poll_shutdown(context)) {
            // The peer has closed meanwhile: nobody is left to say it to.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Send + Unpin, P, B: Backend> AsyncMtlsStream<IO, P, B> {
    /// Does something with the connection for a task. If it is closed by then, or is during it,
    /// that is the error, whatever came of it.
    fn attempt<T>(
        &mut self,
        context: &mut Context<'_>,
        task: Task,
        act: impl FnOnce(&mut B::Stream<PollIo<IO>>) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        match self.unless_closed(context, task, act) {
            Ok(poll) => poll.map_err(|error| self.state.explain::<_, B::Stream<PollIo<IO>>>(error)),
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
        self.state.check()?;
        match task {
            Task::Reader => self.inner.io_mut().wake_reader(context),
            Task::Writer => self.inner.io_mut().wake_writer(context),
        }
        let result = poll(act(&mut self.inner));
        match &self.state.attached {
            Some(attached) if result.is_pending() => attached.watch(context, task)?,
            _ => self.state.check()?,
        }
        Ok(result)
    }
}

impl<B, IO, P> fmt::Debug for AsyncMtlsStream<IO, P, B>
where
    B: Backend,
    IO: AsyncRead + AsyncWrite + Send + Unpin + fmt::Debug,
    P: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncMtlsStream")
            .field("io", self.get_ref())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
