use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use mtls::connection::Transport;

use super::Pipe;

/// One end of a connection, in memory or over loopback.
#[derive(Debug)]
pub(crate) enum Wire {
    Memory(Pipe),
    Tcp(TcpStream),
}

impl Wire {
    pub(crate) fn pair() -> (Self, Self) {
        let (near, far) = Pipe::pair();
        (Self::Memory(near), Self::Memory(far))
    }
}

impl Read for Wire {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Memory(pipe) => pipe.read(buf),
            Self::Tcp(socket) => socket.read(buf),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Memory(pipe) => pipe.write(buf),
            Self::Tcp(socket) => socket.write(buf),
        }
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Memory(pipe) => pipe.write_vectored(bufs),
            Self::Tcp(socket) => socket.write_vectored(bufs),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// In memory there are no time-outs, as with `WithoutTimeout`.
impl Transport for Wire {
    #[cfg(unix)]
    fn socket(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Memory(_) => None,
            Self::Tcp(socket) => Some(socket.as_fd()),
        }
    }

    fn read_timeout(&self) -> io::Result<Option<Duration>> {
        match self {
            Self::Memory(_) => Ok(None),
            Self::Tcp(socket) => socket.read_timeout(),
        }
    }

    fn write_timeout(&self) -> io::Result<Option<Duration>> {
        match self {
            Self::Memory(_) => Ok(None),
            Self::Tcp(socket) => socket.write_timeout(),
        }
    }

    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Tcp(socket) => socket.set_read_timeout(timeout),
        }
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Tcp(socket) => socket.set_write_timeout(timeout),
        }
    }

    fn shutdown_write(&self) -> io::Result<()> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Tcp(socket) => socket.shutdown(Shutdown::Write),
        }
    }

    fn has_timeouts(&self) -> bool {
        matches!(self, Self::Tcp(_))
    }
}
