use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;
use std::task::Wake;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::listener::progress::Progress;
use crate::backend::io::first_bytes::FirstBytes;

/// An asynchronous transport with a non-blocking interface.
///
/// A reader or writer first sets the waker of its task. A TLS library may write in order to read
/// and the other way round, but a transport wakes only one task for each direction. So the
/// transport gets a waker that wakes both; otherwise one task of a split stream could miss a
/// wake-up that went to the other.
#[derive(Debug)]
pub(crate) struct PollIo<IO> {
    io: IO,
    first: FirstBytes,
    reader: Waker,
    writer: Waker,
    both: Waker,
    /// Set until the first write of a listener's handshake.
    before_write: Option<BeforeWrite<IO>>,
}

/// What happens at the first write of a listener's handshake.
#[derive(Debug)]
struct BeforeWrite<IO> {
    prepare: fn(&IO),
    progress: Arc<Progress>,
}

/// The wakers of a reader and a writer in different tasks.
struct Both {
    reader: Waker,
    writer: Waker,
}

impl Wake for Both {
    fn wake(self: Arc<Self>) {
        self.reader.wake_by_ref();
        self.writer.wake_by_ref();
    }
}

impl<IO> PollIo<IO> {
    pub(super) fn new(io: IO) -> Self {
        Self {
            io,
            first: FirstBytes::default(),
            reader: Waker::noop().clone(),
            writer: Waker::noop().clone(),
            both: Waker::noop().clone(),
            before_write: None,
        }
    }

    /// Creates a transport that calls `prepare` and reports progress before its first write, which
    /// answers the client's hello.
    pub(super) fn tracked(io: IO, progress: Arc<Progress>, prepare: fn(&IO)) -> Self {
        Self {
            before_write: Some(BeforeWrite { prepare, progress }),
            ..Self::new(io)
        }
    }

    fn before_write(&mut self) {
        if let Some(before) = self.before_write.take() {
            (before.prepare)(&self.io);
            before.progress.answered();
        }
    }

    /// Sets the waker of a task that reads and writes.
    pub(super) fn wake(&mut self, context: &Context<'_>) {
        self.wake_reader(context);
        self.wake_writer(context);
    }

    pub(super) fn wake_reader(&mut self, context: &Context<'_>) {
        if !self.reader.will_wake(context.waker()) {
            self.reader.clone_from(context.waker());
            self.join();
        }
    }

    pub(super) fn wake_writer(&mut self, context: &Context<'_>) {
        if !self.writer.will_wake(context.waker()) {
            self.writer.clone_from(context.waker());
            self.join();
        }
    }

    fn join(&mut self) {
        let (reader, writer) = (self.reader.clone(), self.writer.clone());
        self.both = if reader.will_wake(&writer) {
            reader
        } else {
            Waker::from(Arc::new(Both { reader, writer }))
        };
    }

    /// Wakes the task that reads.
    pub(super) fn notify_reader(&self) {
        self.reader.wake_by_ref();
    }

    /// What the peer sent first.
    pub(super) fn first(&self) -> &FirstBytes {
        &self.first
    }

    pub(super) fn into_io(self) -> IO {
        self.io
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
        let mut context = Context::from_waker(&self.both);
        let mut buf = ReadBuf::new(buf);
        ready(Pin::new(&mut self.io).poll_read(&mut context, &mut buf))?;
        self.first.see(buf.filled());
        Ok(buf.filled().len())
    }
}

impl<IO: AsyncWrite + Unpin> Write for PollIo<IO> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.before_write();
        let mut context = Context::from_waker(&self.both);
        ready(Pin::new(&mut self.io).poll_write(&mut context, buf))
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.before_write();
        let mut context = Context::from_waker(&self.both);
        ready(Pin::new(&mut self.io).poll_write_vectored(&mut context, bufs))
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut context = Context::from_waker(&self.both);
        ready(Pin::new(&mut self.io).poll_flush(&mut context))
    }
}

fn ready<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

/// Converts `WouldBlock` back into `Pending`; the transport has the waker.
pub(super) fn poll<T>(result: io::Result<T>) -> Poll<io::Result<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        result => Poll::Ready(result),
    }
}
