use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, Read, Write};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::poll_io::{PollIo, poll};
use crate::backend::{Backend, Established, ProtocolVersion, TlsStream};
use crate::rotation::Revision;
use crate::stream::{Acceptance, Facts};

/// An established mutual TLS connection over an asynchronous transport: [`MtlsStream`](crate::MtlsStream) for tokio.
///
/// In TLS 1.3 a server's refusal reaches the client at its first read or write, as with `MtlsStream`. To end the
/// connection properly, shut it down: that sends `close_notify`.
pub struct AsyncMtlsStream<B: Backend, IO: AsyncRead + AsyncWrite + Send + Unpin, P> {
    inner: B::Stream<PollIo<IO>>,
    facts: Facts<P>,
}

impl<B: Backend, IO: AsyncRead + AsyncWrite + Send + Unpin, P> AsyncMtlsStream<B, IO, P> {
    pub(super) fn new<C>(
        established: Established<B::Stream<PollIo<IO>>>,
        peer: P,
        revision: &Revision<C>,
        acceptance: Acceptance,
    ) -> Self {
        let (inner, facts) = Facts::of(established, peer, revision, acceptance);
        Self { inner, facts }
    }

    /// Who is at the other end.
    pub fn peer(&self) -> &P {
        &self.facts.peer
    }

    /// The application protocol that both ends chose (RFC 7301), if they did.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.facts.alpn.as_deref()
    }

    /// The TLS version of the connection.
    pub fn protocol_version(&self) -> ProtocolVersion {
        self.facts.version
    }

    /// Whether the handshake resumed an earlier session, in which the peer showed the certificates that it was judged by
    /// again: see [`Resumption`](crate::Resumption). Never unless that was asked for.
    pub fn resumed(&self) -> bool {
        self.facts.resumed
    }

    /// The number of the revision that the handshake ran under; the first is 1.
    pub fn revision(&self) -> u64 {
        self.facts.revision
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
        this.inner.io_mut().wake_reader(context);
        match poll(this.inner.read(buf.initialize_unfilled())) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(bytes)) => {
                buf.advance(bytes);
                this.facts.has_read(bytes);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(this.explain(error))),
        }
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
        this.inner.io_mut().wake_writer(context);
        poll(this.inner.write(buf)).map_err(|error| this.explain(error))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.inner.io_mut().wake_writer(context);
        poll(this.inner.flush()).map_err(|error| this.explain(error))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.facts.is_over {
            this.inner.io_mut().wake_writer(context);
            ready!(poll(this.inner.close_notify())).map_err(|error| this.explain(error))?;
        }
        match ready!(Pin::new(this.get_mut()).poll_shutdown(context)) {
            // The peer has closed meanwhile: nobody is left to say it to.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }
}

impl<B: Backend, IO: AsyncRead + AsyncWrite + Send + Unpin, P> AsyncMtlsStream<B, IO, P> {
    fn explain(&mut self, error: io::Error) -> io::Error {
        self.facts.explain::<_, B::Stream<PollIo<IO>>>(error)
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
