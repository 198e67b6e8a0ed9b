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
    /// Whether OpenSSL wants what it wrote to be flushed.
    is_flush_due: bool,
}

impl<IO> TransportAdapter<IO> {
    pub(super) fn new(io: IO) -> Self {
        Self {
            io: Detachable::new(io),
            failed: None,
            is_flush_due: false,
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

impl<IO: Write> TransportAdapter<IO> {
    /// Flushes the transport if OpenSSL wants it to be.
    ///
    /// # Errors
    /// The transport's; then it is still due.
    pub(super) fn flush_if_due(&mut self) -> io::Result<()> {
        if self.is_flush_due {
            self.io.flush()?;
            self.is_flush_due = false;
        }
        Ok(())
    }
}

impl<IO: Read + Write> Read for TransportAdapter<IO> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        // The peer answers what it has got.
        if self.is_flush_due {
            let flushed = self.flush_if_due();
            self.keep(flushed)?;
        }
        let result = self.io.read(buf);
        self.keep(result)
    }
}

impl<IO: Write> Write for TransportAdapter<IO> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let result = self.io.write(buf);
        self.keep(result)
    }

    /// Never fails, so that the function of the openssl crate around it is small: OpenSSL calls it
    /// a dozen times for two records, with other questions.
    fn flush(&mut self) -> io::Result<()> {
        self.is_flush_due = true;
        Ok(())
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

/// As [`attempt`], for the calls that an open connection makes all the time.
///
/// To empty the thread's error queue before each costs as much as a tenth of a small record. So it
/// is looked at where a call fails, which empties it. Unless that was an error of this connection,
/// which ends it for OpenSSL, the call is made again.
#[inline]
pub(super) fn attempt_open<IO: Write, T>(
    ssl: &mut SslStream<TransportAdapter<IO>>,
    mut call: impl FnMut(&mut SslStream<TransportAdapter<IO>>) -> Result<T, Error>,
) -> Result<T, IoFault> {
    ssl.get_mut().failed = None;
    match call(ssl) {
        Ok(done) => Ok(done),
        Err(error) => failed_open(ssl, error, call),
    }
}

fn failed_open<IO: Write, T>(
    ssl: &mut SslStream<TransportAdapter<IO>>,
    error: Error,
    call: impl FnMut(&mut SslStream<TransportAdapter<IO>>) -> Result<T, Error>,
) -> Result<T, IoFault> {
    let transport = ssl.get_mut().failed.take();
    let transport = match transport {
        // So most reads of an asynchronous connection end.
        Some(cause) if error.code() == ErrorCode::WANT_READ && is_waiting(&cause) => {
            return Err(IoFault::Io(cause));
        }
        other => other,
    };
    if error.ssl_error().is_some() && ssl.ssl().is_init_finished() {
        return attempt(ssl, call);
    }
    let fault = fault(error, transport);
    // OpenSSL may have sent an alert. It does not wait for that either.
    let _ = ssl.get_mut().flush_if_due();
    match fault {
        Some(fault) => Err(fault),
        None => attempt(ssl, call),
    }
}

fn is_waiting(cause: &io::Error) -> bool {
    cause.kind() == io::ErrorKind::WouldBlock
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
