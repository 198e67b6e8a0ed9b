//! The deadline of a blocking handshake.

#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "no_socket.rs"]
mod socket;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod socket;
mod time_left;

use core::time::Duration;
use std::io::{self, IoSlice, Read, Write};
use std::time::Instant;

use self::socket::Socket;
use self::time_left::time_left;
use super::transport::Transport;
use crate::backend::HandshakeError;
use crate::backend::io::first_bytes::FirstBytes;

/// A transport that fails at a deadline, while it has one.
#[derive(Debug)]
pub(crate) struct Deadline<IO> {
    io: IO,
    /// On the heap and only as long as needed, because an open connection may be idle for weeks.
    phase: Option<Box<Phase>>,
}

/// What is kept until the deadline is lifted.
#[derive(Debug, Default)]
struct Phase {
    first: FirstBytes,
    until: Option<Until>,
}

/// How much too early a system's timer may fire.
const TIMER_SLACK: Duration = Duration::from_millis(5);

/// No deadline is further away. Some systems take no time-out of decades.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

#[derive(Debug)]
struct Until {
    instant: Instant,
    /// Whether a transport that is no more than a socket is waited for by the system, also where
    /// the socket is in non-blocking mode.
    waits_for_socket: bool,
    /// The time-outs that were found, to restore in the end.
    read: Option<Found>,
    write: Option<Found>,
}

/// A time-out of the transport before it was replaced.
#[derive(Clone, Copy, Debug)]
struct Found(Option<Duration>);

impl<IO: Transport> Deadline<IO> {
    /// Sets the deadline of a handshake, counted from now, if the transport has time-outs.
    pub(crate) fn new(io: IO, timeout: Duration) -> Self {
        let mut deadline = Self { io, phase: None };
        deadline.begin(timeout, true);
        deadline
    }

    /// Sets a deadline, counted from now, if the transport has time-outs and blocks.
    pub(crate) fn set(&mut self, timeout: Duration) {
        self.begin(timeout, false);
    }

    fn begin(&mut self, timeout: Duration, waits_for_socket: bool) {
        let until = self.io.has_timeouts().then(|| Until {
            instant: after(timeout),
            waits_for_socket,
            read: None,
            write: None,
        });
        self.phase.get_or_insert_default().until = until;
    }

    /// Replaces an error by the fact that explains it, if the peer's first bytes show one.
    pub(crate) fn explain(&self, error: HandshakeError) -> HandshakeError {
        match &self.phase {
            Some(phase) => phase.first.explain(error),
            None => error,
        }
    }

    /// Whether the deadline has passed, within the slack of a system's timer.
    pub(crate) fn is_over(&self) -> bool {
        let until = self.phase.as_ref().and_then(|phase| phase.until.as_ref());
        until.is_some_and(|until| {
            until.instant.saturating_duration_since(Instant::now()) < TIMER_SLACK
        })
    }

    /// Sets another deadline, counted from now.
    pub(crate) fn extend(&mut self, timeout: Duration) {
        let until = self.phase.as_mut().and_then(|phase| phase.until.as_mut());
        if let Some(until) = until {
            until.instant = after(timeout);
        }
    }

    /// Removes the deadline and restores the transport's time-outs.
    pub(crate) fn lift(&mut self) -> io::Result<()> {
        let Some(until) = self.phase.take().and_then(|phase| phase.until) else {
            return Ok(());
        };
        if let Some(Found(timeout)) = until.read {
            self.io.set_read_timeout(timeout)?;
        }
        if let Some(Found(timeout)) = until.write {
            self.io.set_write_timeout(timeout)?;
        }
        Ok(())
    }

    pub(crate) fn io(&self) -> &IO {
        &self.io
    }

    pub(crate) fn io_mut(&mut self) -> &mut IO {
        &mut self.io
    }

    pub(crate) fn into_io(self) -> IO {
        self.io
    }

    /// Returns the socket and the deadline, if the socket is waited for.
    fn socket(&self) -> Option<(Socket<'_>, Instant)> {
        let until = self.phase.as_ref()?.until.as_ref()?;
        let socket = until.waits_for_socket.then(|| Socket::of(&self.io))?;
        Some((socket?, until.instant))
    }

    fn bound_read(&mut self) -> io::Result<()> {
        if let Some(until) = self.phase.as_mut().and_then(|phase| phase.until.as_mut()) {
            let left = time_left(until.instant)?;
            if until.read.is_none() {
                until.read = Some(Found(self.io.read_timeout()?));
            }
            self.io.set_read_timeout(Some(left))?;
        }
        Ok(())
    }

    fn bound_write(&mut self) -> io::Result<()> {
        if let Some(until) = self.phase.as_mut().and_then(|phase| phase.until.as_mut()) {
            let left = time_left(until.instant)?;
            if until.write.is_none() {
                until.write = Some(Found(self.io.write_timeout()?));
            }
            self.io.set_write_timeout(Some(left))?;
        }
        Ok(())
    }
}

fn after(timeout: Duration) -> Instant {
    let now = Instant::now();
    // No system's clock ends so soon; if one did, the time would be over.
    now.checked_add(timeout.min(LONGEST)).unwrap_or(now)
}

impl<IO: Transport> Read for Deadline<IO> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = if let Some((socket, until)) = self.socket() {
            socket.read(buf, until)?
        } else {
            self.bound_read()?;
            self.io.read(buf)?
        };
        if let Some(phase) = &mut self.phase {
            phase.first.see(buf.get(..read).unwrap_or_default());
        }
        Ok(read)
    }
}

impl<IO: Transport> Write for Deadline<IO> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if let Some((socket, until)) = self.socket() {
            return socket.write(&[IoSlice::new(buf)], until);
        }
        self.bound_write()?;
        self.io.write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if let Some((socket, until)) = self.socket() {
            return socket.write(bufs, until);
        }
        self.bound_write()?;
        self.io.write_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.io.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    const FOUND: Option<Duration> = Some(Duration::from_secs(7));
    const HOUR: Duration = Duration::from_secs(3600);

    /// Always ready, and keeps what is set.
    #[derive(Default)]
    struct Ready {
        read_timeouts: RefCell<Vec<Option<Duration>>>,
        write_timeouts: RefCell<Vec<Option<Duration>>>,
        asked: Cell<usize>,
    }

    impl Read for Ready {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            Ok(buf.len())
        }
    }

    impl Write for Ready {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            Ok(buf.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Transport for Ready {
        fn read_timeout(&self) -> io::Result<Option<Duration>> {
            self.asked.set(self.asked.get() + 1);
            Ok(FOUND)
        }

        fn write_timeout(&self) -> io::Result<Option<Duration>> {
            self.read_timeout()
        }

        fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
            self.read_timeouts.borrow_mut().push(timeout);
            Ok(())
        }

        fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
            self.write_timeouts.borrow_mut().push(timeout);
            Ok(())
        }

        fn shutdown_write(&self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Deadline<Ready> {
        fn reads(&mut self) -> usize {
            self.read_exact(&mut [0]).unwrap();
            self.io.read_timeouts.borrow().len()
        }
    }

    #[test]
    fn a_time_out_is_what_is_left() {
        let mut deadline = Deadline::new(Ready::default(), HOUR);
        assert_eq!(deadline.reads(), 1);
        deadline.extend(HOUR / 2);
        assert_eq!(deadline.reads(), 2);

        let set = deadline.io.read_timeouts.borrow().clone();
        let about = |set: Option<Duration>, expected: Duration| {
            set.is_some_and(|set| set <= expected && set > expected - HOUR / 100)
        };
        assert!(about(set[0], HOUR) && about(set[1], HOUR / 2), "{set:?}");
        deadline.lift().unwrap();
        assert_eq!(deadline.io.read_timeouts.borrow().last(), Some(&FOUND));
        assert_eq!(*deadline.io.write_timeouts.borrow(), [], "never written");
        assert_eq!(deadline.io.asked.get(), 1);
        assert_eq!(deadline.reads(), 3, "the deadline is lifted");
    }

    #[test]
    fn each_direction_is_restored() {
        let mut deadline = Deadline::new(Ready::default(), HOUR);
        deadline.write_all(&[1]).unwrap();
        deadline.write_all(&[1]).unwrap();
        deadline.lift().unwrap();
        assert_eq!(deadline.io.write_timeouts.borrow().len(), 3);
        assert_eq!(deadline.io.write_timeouts.borrow().last(), Some(&FOUND));
        assert_eq!(*deadline.io.read_timeouts.borrow(), []);
    }

    #[test]
    fn the_longest_time_is_a_deadline() {
        let mut deadline = Deadline::new(Ready::default(), Duration::MAX);
        deadline.read_exact(&mut [0]).unwrap();
        assert!(!deadline.is_over());
        // As for a rejected peer.
        deadline.extend(Duration::ZERO);
        assert!(deadline.is_over());
    }

    #[cfg(unix)]
    #[test]
    fn only_a_handshake_waits_for_a_non_blocking_socket() {
        let (near, _far) = std::os::unix::net::UnixStream::pair().unwrap();
        near.set_nonblocking(true).unwrap();
        let mut deadline = Deadline::new(near, Duration::from_millis(50));
        let error = deadline.read(&mut [0]).unwrap_err();
        let expected = if cfg!(any(target_os = "linux", target_os = "android")) {
            io::ErrorKind::TimedOut
        } else {
            io::ErrorKind::WouldBlock
        };
        assert_eq!(error.kind(), expected);
        deadline.lift().unwrap();
        // As when a stream is closed.
        deadline.set(Duration::from_secs(1));
        let error = deadline.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn nothing_is_read_after_the_deadline() {
        let mut deadline = Deadline::new(Ready::default(), HOUR);
        assert!(!deadline.is_over());
        deadline.extend(Duration::ZERO);
        let error = deadline.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let error = deadline.write(&[0]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(deadline.is_over());
    }
}
