use std::io::{self, Read, Write};

/// A transport that can be taken out of a library's stream, which only lends it.
#[derive(Debug)]
pub(crate) struct Detachable<IO>(Option<IO>);

/// [`Detachable::detach`] is called by the `into_io` that consumes the stream.
const IS_THERE: &str = "the transport of a stream is taken only with the stream";

impl<IO> Detachable<IO> {
    pub(crate) fn new(io: IO) -> Self {
        Self(Some(io))
    }

    #[expect(clippy::expect_used, reason = "`IS_THERE` says why it holds")]
    pub(crate) fn get(&self) -> &IO {
        self.0.as_ref().expect(IS_THERE)
    }

    #[expect(clippy::expect_used, reason = "`IS_THERE` says why it holds")]
    pub(crate) fn get_mut(&mut self) -> &mut IO {
        self.0.as_mut().expect(IS_THERE)
    }

    /// Takes the transport out of a stream that is dropped next.
    #[expect(clippy::expect_used, reason = "`IS_THERE` says why it holds")]
    pub(crate) fn detach(&mut self) -> IO {
        self.0.take().expect(IS_THERE)
    }

    /// A library may write while it is dropped: without the transport that is an error.
    fn attached(&mut self) -> io::Result<&mut IO> {
        self.0
            .as_mut()
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl<IO: Read> Read for Detachable<IO> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.attached()?.read(buf)
    }
}

impl<IO: Write> Write for Detachable<IO> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.attached()?.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attached()?.flush()
    }
}
