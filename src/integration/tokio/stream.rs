use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, IoSlice, Read, Write};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::listener::occupancy::Permit;
use super::poll_io::{PollIo, poll};
use crate::backend::key_export::{self, KeyExportError};
use crate::backend::{Backend, DefaultBackend, EndCause, KeyExporter, SessionInfo, TlsStream};
use crate::connection::{ConnectionHandle, Task};
use crate::peer::PeerIdentity;
use crate::stream::{CLOSE_TIMEOUT, Closing, ConnectionState};

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
/// println!("revision {}, tracked: {}", stream.revision(), stream.connection().is_tracked());
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
    /// Ends the wait for the peer's end.
    close_timer: Option<Pin<Box<Sleep>>>,
    /// The place among the open connections of a listener.
    permit: Option<Permit>,
}

impl<IO: AsyncRead + AsyncWrite + Send + Unpin, P, B: Backend> AsyncMtlsStream<IO, P, B> {
    pub(super) fn new(inner: B::Stream<PollIo<IO>>, state: ConnectionState<P>) -> Self {
        Self {
            inner,
            state,
            close_timer: None,
            permit: None,
        }
    }

    pub(super) fn with_permit(mut self, permit: Permit) -> Self {
        self.permit = Some(permit);
        self
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

    /// Takes the transport, which may then be used without TLS.
    ///
    /// What was received and not read is lost, and what a full transport has not taken yet. Shut
    /// the stream down first, unless the peer also ends TLS in another way.
    pub fn into_inner(self) -> IO {
        self.inner.into_io().into_io()
    }

    /// Returns the transport below. Reading or writing it breaks the connection.
    pub fn get_mut(&mut self) -> &mut IO {
        self.inner.io_mut().io_mut()
    }
}

impl<IO: AsyncRead + AsyncWrite + Send + Unpin, P, B: KeyExporter> AsyncMtlsStream<IO, P, B> {
    /// Exports keying material as
    /// [`MtlsStream::export_keying_material`](crate::MtlsStream::export_keying_material) does.
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
        if this.state.has_kept() {
            if let Err(closed) = this.state.check() {
                return Poll::Ready(Err(this.shut_transport(context, closed)));
            }
            let kept = this.state.read_kept(unfilled)?;
            buf.advance(kept);
            return Poll::Ready(Ok(()));
        }
        let capacity = unfilled.len();
        let bytes = ready!(this.attempt(context, Task::Reader, |stream| stream.read(unfilled)))?;
        buf.advance(bytes);
        this.state.has_read(bytes, capacity);
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
        this.state.check_open()?;
        this.attempt(context, Task::Writer, |stream| stream.write(buf))
    }

    /// Writes as many slices as one TLS record takes.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.state.check_open()?;
        this.attempt(context, Task::Writer, |stream| stream.write_vectored(bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.attempt(context, Task::Writer, Write::flush)
    }

    /// Closes the connection as [`MtlsStream::close`](crate::MtlsStream::close) does.
    ///
    /// It waits for at most 2 seconds for the peer's end, while another task may read.
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.state.closing < Closing::Notified {
            this.state.ends_by(EndCause::Closed);
            this.state.closing = Closing::Begun;
            if !this.state.is_over {
                ready!(this.attempt(context, Task::Writer, TlsStream::close_notify))?;
            }
            let shut_down = ready!(Pin::new(this.get_mut()).poll_shutdown(context));
            ConnectionState::<P>::shut_down(shut_down)?;
            this.state.closing = Closing::Notified;
        }
        if !this.state.is_over && this.state.closing != Closing::Over {
            ready!(this.poll_end(context))?;
        }
        this.state.closing = Closing::Over;
        this.close_timer = None;
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncRead + AsyncWrite + Send + Unpin, P, B: Backend> AsyncMtlsStream<IO, P, B> {
    /// Reads on until the peer ends, for a limited time.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut buffer = [0; 4096];
        loop {
            let read = self.attempt(context, Task::Writer, |stream| stream.read(&mut buffer));
            let Poll::Ready(read) = read else {
                let timer = self
                    .close_timer
                    .get_or_insert_with(|| Box::pin(sleep(CLOSE_TIMEOUT)));
                return timer.as_mut().poll(context).map(Ok);
            };
            let read = read.map(|read| buffer.get(..read).unwrap_or_default());
            let result = self.state.keep(read);
            // It may wait for what this task has read.
            self.inner.io_mut().notify_reader();
            if let Some(result) = result {
                return Poll::Ready(result);
            }
        }
    }

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
            Err(closed) => Poll::Ready(Err(self.shut_transport(context, closed))),
        }
    }

    /// Shows the peer the end of a closed connection although the stream is kept.
    ///
    /// If this fails or has to wait, dropping the stream does it.
    fn shut_transport(&mut self, context: &mut Context<'_>, closed: io::Error) -> io::Error {
        let _ = Pin::new(self.get_mut()).poll_shutdown(context);
        closed
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
        if result.is_pending() {
            self.state.tracking.watch(context, task)?;
        } else {
            self.state.check()?;
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
