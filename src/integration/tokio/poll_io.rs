use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::io::{self, IoSlice, Read, Write};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// An asynchronous transport with the face of a non-blocking one.
///
/// Whoever reads or writes sets the waker of its task first: it is woken when the transport is ready again.
#[derive(Debug)]
pub(crate) struct PollIo<IO> {
    io: IO,
    waker: Waker,
}

impl<IO> PollIo<IO> {
    pub(super) fn new(io: IO) -> Self {
        Self {
            io,
            waker: Waker::noop().clone(),
        }
    }

    pub(super) fn wake(&mut self, context: &Context<'_>) {
        self.waker.clone_from(context.waker());
    }

    pub(super) fn io(&self) -> &IO {
        &self.io
    }

    pub(super) fn io_mut(&mut self) -> &mut IO {
        &mut self.io
    }
}

impl<IO: AsyncRead + Unpin> Read for PollIo<IO> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut context = Context::from_waker(&self.waker);
        let mut buf = ReadBuf::new(buf);
        ready(Pin::new(&mut self.io).poll_read(&mut context, &mut buf))?;
        Ok(buf.filled().len())
    }
}

impl<IO: AsyncWrite + Unpin> Write for PollIo<IO> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let mut context = Context::from_waker(&self.waker);
        ready(Pin::new(&mut self.io).poll_write(&mut context, buf))
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut context = Context::from_waker(&self.waker);
        ready(Pin::new(&mut self.io).poll_write_vectored(&mut context, bufs))
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut context = Context::from_waker(&self.waker);
        ready(Pin::new(&mut self.io).poll_flush(&mut context))
    }
}

fn ready<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

/// The way back: not being ready is `Pending`, and the transport has the waker.
pub(super) fn poll<T>(result: io::Result<T>) -> Poll<io::Result<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        result => Poll::Ready(result),
    }
}
