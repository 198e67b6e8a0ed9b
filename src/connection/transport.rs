//! What a blocking handshake needs of the connection below it.

use core::time::Duration;
use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Instant;

/// A connection whose reads and writes can be given a time-out, so that a handshake ends in time.
///
/// The time-outs that it had are put back after the handshake.
pub trait Transport: Read + Write + Send {
    /// How long a read may take.
    ///
    /// # Errors
    /// The system's.
    fn read_timeout(&self) -> io::Result<Option<Duration>>;

    /// How long a write may take.
    ///
    /// # Errors
    /// The system's.
    fn write_timeout(&self) -> io::Result<Option<Duration>>;

    /// Sets how long a read may take; `None` for ever.
    ///
    /// # Errors
    /// The system's.
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;

    /// Sets how long a write may take; `None` for ever.
    ///
    /// # Errors
    /// The system's.
    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;

    /// Says to the other end that nothing more will be written.
    ///
    /// # Errors
    /// The system's.
    fn shutdown_write(&self) -> io::Result<()>;

    /// Whether the time-outs are kept. Where they are not, the handshake timeout does not apply either, and a refused
    /// peer is not given time to read why.
    fn has_timeouts(&self) -> bool {
        true
    }

    /// What shuts the connection down for good from another thread, so that a read or write that waits comes back.
    /// Asked for once, when [`LiveConnections::Close`](crate::connection::LiveConnections::Close) is set, since it may cost a
    /// descriptor; it is dropped with the stream. Initially there is none, and a stream is closed at its next read or
    /// write.
    ///
    /// # Errors
    /// The system's; the handshake fails by it.
    fn closer(&self) -> io::Result<Option<Box<dyn FnOnce() + Send>>> {
        Ok(None)
    }
}

macro_rules! socket {
    ($socket:ty) => {
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

            fn closer(&self) -> io::Result<Option<Box<dyn FnOnce() + Send>>> {
                let socket = self.try_clone()?;
                Ok(Some(Box::new(move || {
                    // Where this fails the other end was first.
                    let _ = socket.shutdown(Shutdown::Both);
                })))
            }
        }
    };
}

socket!(TcpStream);
#[cfg(unix)]
socket!(UnixStream);

/// Any `Read + Write` as a [`Transport`]: the caller bounds its time, the handshake timeout does not apply.
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

/// A transport that gives up at a deadline, while it has one.
#[derive(Debug)]
pub(crate) struct Deadline<IO> {
    io: IO,
    until: Option<Until>,
}

/// A system's timer may end this much early.
const TIMER_SLACK: Duration = Duration::from_millis(5);

/// A deadline, and the time-outs to put back after it.
#[derive(Debug)]
struct Until {
    instant: Instant,
    read: Option<Duration>,
    write: Option<Duration>,
}

impl<IO: Transport> Deadline<IO> {
    pub(crate) fn new(io: IO, timeout: Duration) -> io::Result<Self> {
        let instant = Instant::now().checked_add(timeout);
        let until = instant.filter(|_| io.has_timeouts()).map(|instant| {
            Ok::<_, io::Error>(Until {
                instant,
                read: io.read_timeout()?,
                write: io.write_timeout()?,
            })
        });
        Ok(Self {
            until: until.transpose()?,
            io,
        })
    }

    /// Whether the deadline has passed, or so nearly that a time-out must have been ours.
    pub(crate) fn is_over(&self) -> bool {
        self.until.as_ref().is_some_and(|until| {
            until.instant.saturating_duration_since(Instant::now()) < TIMER_SLACK
        })
    }

    /// Sets another deadline, counted from now.
    pub(crate) fn extend(&mut self, timeout: Duration) {
        if let (Some(until), Some(instant)) = (&mut self.until, Instant::now().checked_add(timeout))
        {
            until.instant = instant;
        }
    }

    /// Takes the deadline off and puts the time-outs back that the transport had.
    pub(crate) fn lift(&mut self) -> io::Result<()> {
        match self.until.take() {
            None => Ok(()),
            Some(until) => {
                self.io.set_read_timeout(until.read)?;
                self.io.set_write_timeout(until.write)
            }
        }
    }

    pub(crate) fn io(&self) -> &IO {
        &self.io
    }

    pub(crate) fn io_mut(&mut self) -> &mut IO {
        &mut self.io
    }

    fn bound_write(&self) -> io::Result<()> {
        match &self.until {
            Some(until) => self.io.set_write_timeout(Some(Self::remaining(until)?)),
            None => Ok(()),
        }
    }

    fn remaining(until: &Until) -> io::Result<Duration> {
        let remaining = until.instant.saturating_duration_since(Instant::now());
        match remaining.is_zero() {
            true => Err(io::ErrorKind::TimedOut.into()),
            false => Ok(remaining),
        }
    }
}

impl<IO: Transport> Read for Deadline<IO> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let Some(until) = &self.until {
            self.io.set_read_timeout(Some(Self::remaining(until)?))?;
        }
        self.io.read(buf)
    }
}

impl<IO: Transport> Write for Deadline<IO> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.bound_write()?;
        self.io.write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.bound_write()?;
        self.io.write_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.io.flush()
    }
}
