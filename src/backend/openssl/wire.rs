//! A transport under OpenSSL, and what came of a call.

use std::io::{self, Read, Write};

use openssl::error::ErrorStack;
use openssl::ssl::{Error, ErrorCode, SslStream};

use super::error::is_unexpected_end;

/// Keeps the transport's own error. OpenSSL has no room for it: it makes one of what it finds in `errno`.
pub(super) struct Wire<IO> {
    pub(super) io: IO,
    failed: Option<io::Error>,
}

/// Why a call on a connection did not do its work.
pub(super) enum Fault {
    /// The peer has sent its `close_notify`.
    End,
    /// The transport failed, or is not ready.
    Io(io::Error),
    Tls(Error),
}

impl<IO> Wire<IO> {
    pub(super) fn new(io: IO) -> Self {
        Self { io, failed: None }
    }

    fn keep<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let kind = error.kind();
            self.failed = Some(error);
            kind.into()
        })
    }
}

impl<IO: Read> Read for Wire<IO> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let result = self.io.read(buf);
        self.keep(result)
    }
}

impl<IO: Write> Write for Wire<IO> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let result = self.io.write(buf);
        self.keep(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.io.flush();
        self.keep(result)
    }
}

/// Calls until the call is done, has failed, or waits for the transport.
pub(super) fn attempt<IO, T>(
    ssl: &mut SslStream<Wire<IO>>,
    mut call: impl FnMut(&mut SslStream<Wire<IO>>) -> Result<T, Error>,
) -> Result<T, Fault> {
    // Errors that other calls on this thread left behind would be taken for this one's.
    drop(ErrorStack::get());
    loop {
        ssl.get_mut().failed = None;
        let error = match call(ssl) {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        if let Some(fault) = fault(error, ssl.get_mut().failed.take()) {
            return Err(fault);
        }
    }
}

/// `None`: the call is to be made again.
fn fault(error: Error, transport: Option<io::Error>) -> Option<Fault> {
    let is_transport = matches!(
        error.code(),
        ErrorCode::SYSCALL | ErrorCode::WANT_READ | ErrorCode::WANT_WRITE
    );
    match (error.code(), transport) {
        (_, Some(cause)) if is_transport => match cause.kind() {
            io::ErrorKind::Interrupted => None,
            _ => Some(Fault::Io(cause)),
        },
        (ErrorCode::WANT_READ, _) => None,
        (ErrorCode::WANT_WRITE, _) => Some(Fault::Io(io::ErrorKind::WouldBlock.into())),
        (ErrorCode::ZERO_RETURN, _) => Some(Fault::End),
        (ErrorCode::SYSCALL, _) => Some(Fault::Io(io::ErrorKind::UnexpectedEof.into())),
        _ if is_unexpected_end(&error) => Some(Fault::Io(io::ErrorKind::UnexpectedEof.into())),
        _ => Some(Fault::Tls(error)),
    }
}
