//! A transport under OpenSSL, and the result of a call on it.

use std::io::{self, Read, Write};

use openssl::error::ErrorStack;
use openssl::ssl::{Error, ErrorCode, SslStream};

use super::error::is_unexpected_end;
use super::io_fault::IoFault;
use crate::backend::io::detachable::Detachable;

/// Keeps the transport's own error, because OpenSSL makes one from `errno` instead.
pub(super) struct TransportAdapter<IO> {
    pub(super) io: Detachable<IO>,
    failed: Option<io::Error>,
}

impl<IO> TransportAdapter<IO> {
    pub(super) fn new(io: IO) -> Self {
        Self {
            io: Detachable::new(io),
            failed: None,
        }
    }

    fn keep<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let kind = error.kind();
            self.failed = Some(error);
            kind.into()
        })
    }
}

impl<IO: Read> Read for TransportAdapter<IO> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let result = self.io.read(buf);
        self.keep(result)
    }
}

impl<IO: Write> Write for TransportAdapter<IO> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let result = self.io.write(buf);
        self.keep(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.io.flush();
        self.keep(result)
    }
}

/// Repeats a call until it succeeds, fails, or waits for the transport.
pub(super) fn attempt<IO, T>(
    ssl: &mut SslStream<TransportAdapter<IO>>,
    mut call: impl FnMut(&mut SslStream<TransportAdapter<IO>>) -> Result<T, Error>,
) -> Result<T, IoFault> {
    // Otherwise errors that earlier calls left on this thread would count as this call's.
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

/// `None` if the call has to be repeated.
fn fault(error: Error, transport: Option<io::Error>) -> Option<IoFault> {
    let is_transport = matches!(
        error.code(),
        ErrorCode::SYSCALL | ErrorCode::WANT_READ | ErrorCode::WANT_WRITE
    );
    match (error.code(), transport) {
        (_, Some(cause)) if is_transport => match cause.kind() {
            io::ErrorKind::Interrupted => None,
            _ => Some(IoFault::Io(cause)),
        },
        (ErrorCode::WANT_READ, _) => None,
        (ErrorCode::WANT_WRITE, _) => Some(IoFault::Io(io::ErrorKind::WouldBlock.into())),
        (ErrorCode::ZERO_RETURN, _) => Some(IoFault::End),
        (ErrorCode::SYSCALL, _) => Some(IoFault::Io(io::ErrorKind::UnexpectedEof.into())),
        _ if is_unexpected_end(&error) => Some(IoFault::Io(io::ErrorKind::UnexpectedEof.into())),
        _ => Some(IoFault::Tls(error)),
    }
}
