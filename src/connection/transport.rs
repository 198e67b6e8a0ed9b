//! The requirements of a blocking handshake for its transport.

use core::time::Duration;
use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd};
#[cfg(unix)]
use std::os::unix::net::UnixStream;

/// A transport with read and write time-outs, so that a handshake ends in time.
///
/// The handshake restores the time-outs that it found. On Linux it polls a socket in place of that,
/// and leaves its time-outs unchanged.
///
/// ```
/// use mtls::connection::Transport;
/// use std::io;
/// use std::time::Duration;
///
/// # use std::net::TcpStream;
/// /// A socket that writes down what is read.
/// struct Recorder(TcpStream, Vec<u8>);
///
/// # impl io::Read for Recorder {
/// #     fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
/// #         let read = io::Read::read(&mut self.0, buf)?;
/// #         self.1.extend_from_slice(&buf[..read]);
/// #         Ok(read)
/// #     }
/// # }
/// # impl io::Write for Recorder {
/// #     fn write(&mut self, buf: &[u8]) -> io::Result<usize> { self.0.write(buf) }
/// #     fn flush(&mut self) -> io::Result<()> { self.0.flush() }
/// # }
/// impl Transport for Recorder {
///     fn read_timeout(&self) -> io::Result<Option<Duration>> {
///         self.0.read_timeout()
///     }
///     fn write_timeout(&self) -> io::Result<Option<Duration>> {
///         self.0.write_timeout()
///     }
///     fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
///         self.0.set_read_timeout(timeout)
///     }
///     fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
///         self.0.set_write_timeout(timeout)
///     }
///     fn shutdown_write(&self) -> io::Result<()> {
///         self.0.shutdown_write()
///     }
///     fn shutdown_handle(&self) -> io::Result<Option<Box<dyn FnOnce() + Send>>> {
///         self.0.shutdown_handle() // so that `LiveConnections::Close` can end a read
///     }
/// }
/// # fn has(transport: &Recorder) -> bool { transport.has_timeouts() }
/// ```
pub trait Transport: Read + Write + Send {
    /// Returns the read time-out.
    ///
    /// # Errors
    /// The system's errors.
    fn read_timeout(&self) -> io::Result<Option<Duration>>;

    /// Returns the write time-out.
    ///
    /// # Errors
    /// The system's errors.
    fn write_timeout(&self) -> io::Result<Option<Duration>>;

    /// Sets the read time-out; `None` waits forever.
    ///
    /// # Errors
    /// The system's errors.
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;

    /// Sets the write time-out; `None` waits forever.
    ///
    /// # Errors
    /// The system's errors.
    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;

    /// Shuts down writing, so that the peer reads the end of the stream.
    ///
    /// # Errors
    /// The system's errors.
    fn shutdown_write(&self) -> io::Result<()>;

    /// Returns the peer's address, for events and handles.
    fn remote_addr(&self) -> Option<SocketAddr> {
        None
    }

    /// Whether the transport applies time-outs.
    ///
    /// If not, the handshake timeout does not apply either, and a rejected peer gets no time to
    /// read the alert.
    fn has_timeouts(&self) -> bool {
        true
    }

    /// Lends the socket, if this transport is no more than a socket.
    ///
    /// On Linux a handshake reads and writes the socket itself, and polls it until the deadline:
    /// that takes fewer system calls than time-outs, and the socket may be in non-blocking mode.
    /// The default implementation returns `None`: a handshake uses the methods of the transport.
    #[cfg(unix)]
    fn socket(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Returns a function that shuts the connection down from another thread.
    ///
    /// A waiting read or write returns then. This method is called once for each stream, when
    /// [`LiveConnections::Close`](super::LiveConnections::Close) or
    /// [`retire_connections`](crate::ServerBuilder::retire_connections) is set, because the
    /// function may cost a file descriptor; the function is dropped with the stream. The default
    /// implementation returns `None`, and a stream is closed at its next read or write.
    ///
    /// # Errors
    /// The system's errors; the handshake fails with them.
    fn shutdown_handle(&self) -> io::Result<Option<Box<dyn FnOnce() + Send>>> {
        Ok(None)
    }
}

macro_rules! socket {
    ($socket:ty, $address:expr) => {
        impl Transport for $socket {
            fn read_timeout(&self) -> io::Result<Option<Duration>> {
                self.read_timeout()
            }

            fn write_timeout(&self) -> io::Result<Option<Duration>> {
                self.write_timeout()
            }

            fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
                self.set_read_timeout(timeout)
            }

            fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
                self.set_write_timeout(timeout)
            }

            fn shutdown_write(&self) -> io::Result<()> {
                self.shutdown(Shutdown::Write)
            }

            #[cfg(unix)]
            fn socket(&self) -> Option<BorrowedFd<'_>> {
                Some(self.as_fd())
            }

            fn remote_addr(&self) -> Option<SocketAddr> {
                let address: fn(&Self) -> Option<SocketAddr> = $address;
                address(self)
            }

            fn shutdown_handle(&self) -> io::Result<Option<Box<dyn FnOnce() + Send>>> {
                let socket = self.try_clone()?;
                Ok(Some(Box::new(move || {
                    // If this fails, the peer closed the connection first.
                    let _ = socket.shutdown(Shutdown::Both);
                })))
            }
        }
    };
}

socket!(TcpStream, |socket| socket.peer_addr().ok());
#[cfg(unix)]
socket!(UnixStream, |_| None);

/// Makes any `Read + Write` a [`Transport`] without time-outs.
///
/// The caller limits the time; the handshake timeout does not apply.
///
/// ```
/// # fn f<IO: std::io::Read + std::io::Write + Send>(
/// #     client: mtls::MtlsClient<mtls::Rustls>,
/// #     pipe: IO,
/// # ) -> Result<(), mtls::HandshakeError> {
/// use mtls::connection::WithoutTimeout;
/// let stream = client.connect("db.internal", WithoutTimeout(pipe))?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct WithoutTimeout<IO>(pub IO);

impl<IO: Read> Read for WithoutTimeout<IO> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl<IO: Write> Write for WithoutTimeout<IO> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<IO: Read + Write + Send> Transport for WithoutTimeout<IO> {
    fn read_timeout(&self) -> io::Result<Option<Duration>> {
        Ok(None)
    }

    fn write_timeout(&self) -> io::Result<Option<Duration>> {
        Ok(None)
    }

    fn set_read_timeout(&self, _timeout: Option<Duration>) -> io::Result<()> {
        Ok(())
    }

    fn set_write_timeout(&self, _timeout: Option<Duration>) -> io::Result<()> {
        Ok(())
    }

    fn shutdown_write(&self) -> io::Result<()> {
        Ok(())
    }

    fn has_timeouts(&self) -> bool {
        false
    }
}
