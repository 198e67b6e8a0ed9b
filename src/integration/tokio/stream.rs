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

/// An established mutual TLS connection over an asynchronous transport.
///
/// It is [`MtlsStream`](crate::MtlsStream) for tokio. In TLS 1.3 a server's rejection reaches the
/// client at its first read or write, as with `MtlsStream`. Shut the stream down to end the
/// connection properly: that sends `close_notify`.
///
/// ```
/// # use mtls::{AsyncMtlsStream, PeerIdentity, Rustls};
/// # use tokio::net::TcpStream;
/// # type Stream = AsyncMtlsStream<TcpStream, PeerIdentity, Rustls>;
/// # async fn f(mut stream: Stream) -> std::io::Result<()> {
/// use tokio::io::AsyncWriteExt;
///
/// println!("{} by {}", stream.peer(), stream.session().protocol_version());
/// println!("revision {}, tracked: {}", stream.revision(), stream.connection().is_some());
/// stream.get_mut().set_nodelay(true)?;
/// println!("from {}", stream.get_ref().peer_addr()?);
/// stream.write_all(b"hello").await?;
/// stream.shutdown().await?;
/// # Ok(())
/// # }
/// ```
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

    /// Returns the peer of the connection.
    pub fn peer(&self) -> &P {
        &self.state.peer
    }

    /// Returns what the handshake negotiated: version, cipher suite, key exchange and more.
    pub fn session(&self) -> &SessionInfo {
        &self.state.session
    }

    /// Returns the number of the handshake's revision; the first is 1.
    pub fn revision(&self) -> u64 {
        self.state.revision
    }

    /// Returns the handle of the connection, if it is tracked.
    ///
    /// [`live_connections`](crate::ClientBuilder::live_connections) sets whether connections are
    /// tracked. It is `None` also for an anonymous client.
    pub fn connection(&self) -> Option<&ConnectionHandle> {
        self.state.attached.as_ref().map(StreamTracking::live)
    }

    /// Returns the transport below.
    pub fn get_ref(&self) -> &IO {
        self.inner.io().io()
    }

    /// Returns the transport below. Reading or writing it breaks the connection.
    pub fn get_mut(&mut self) -> &mut IO {
        self.inner.io_mut().io_mut()
    }
}

/// No field is pinned: the transport is `Unpin`.
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
            // The peer has closed the connection already.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Send + Unpin, P, B: Backend> AsyncMtlsStream<IO, P, B> {
    /// Calls `act` on the connection for a task.
    ///
    /// If the connection is closed before or during the call, it returns that error instead.
    fn attempt<T>(
        &mut self,
        context: &mut Context<'_>,
        task: Task,
        act: impl FnOnce(&mut B::Stream<PollIo<IO>>) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        match self.unless_closed(context, task, act) {
            Ok(poll) => poll.map_err(|error| self.state.explain::<_, B::Stream<PollIo<IO>>>(error)),
            Err(closed) => {
                // The peer has to see the end although the stream is kept. If this fails or has to
                // wait, dropping the stream does it.
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
