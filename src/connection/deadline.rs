//! The deadline of a blocking handshake.

use core::time::Duration;
use std::io::{self, IoSlice, Read, Write};
use std::time::Instant;

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
/// What part of the time that is left a system's timer may fire too late.
const MAX_OVERRUN: u32 = 32;

#[derive(Debug)]
struct Until {
    instant: Instant,
    read: TimeOut,
    write: TimeOut,
}

/// A time-out of the transport.
///
/// Each call costs a system call, so it is set only where that changes when the transport gives up.
#[derive(Debug, Default)]
enum TimeOut {
    #[default]
    Untouched,
    Replaced {
        /// To restore in the end.
        found: Option<Duration>,
        set: Duration,
    },
}

impl<IO: Transport> Deadline<IO> {
    pub(crate) fn new(io: IO, timeout: Duration) -> Self {
        let mut deadline = Self { io, phase: None };
        deadline.set(timeout);
        deadline
    }

    /// Sets a deadline, counted from now, if the transport has time-outs.
    pub(crate) fn set(&mut self, timeout: Duration) {
        let instant = Instant::now().checked_add(timeout);
        let instant = instant.filter(|_| self.io.has_timeouts());
        let phase = self.phase.get_or_insert_default();
        phase.until = instant.map(|instant| Until {
            instant,
            read: TimeOut::Untouched,
            write: TimeOut::Untouched,
        });
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
        if let (Some(until), Some(instant)) = (until, Instant::now().checked_add(timeout)) {
            until.instant = instant;
        }
    }

    /// Removes the deadline and restores the transport's time-outs.
    pub(crate) fn lift(&mut self) -> io::Result<()> {
        let Some(until) = self.phase.take().and_then(|phase| phase.until) else {
            return Ok(());
        };
        if let TimeOut::Replaced { found, .. } = until.read {
            self.io.set_read_timeout(found)?;
        }
        if let TimeOut::Replaced { found, .. } = until.write {
            self.io.set_write_timeout(found)?;
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

    fn bound_read(&mut self) -> io::Result<()> {
        match self.phase.as_mut().and_then(|phase| phase.until.as_mut()) {
            Some(until) => until.read.bound(
                until.instant,
                || self.io.read_timeout(),
                |timeout| self.io.set_read_timeout(timeout),
            ),
            None => Ok(()),
        }
    }

    fn bound_write(&mut self) -> io::Result<()> {
        match self.phase.as_mut().and_then(|phase| phase.until.as_mut()) {
            Some(until) => until.write.bound(
                until.instant,
                || self.io.write_timeout(),
                |timeout| self.io.set_write_timeout(timeout),
            ),
            None => Ok(()),
        }
    }
}

impl TimeOut {
    /// Sets the time-out to what is left until the deadline.
    ///
    /// One that is set already may stay if it ends little later.
    fn bound(
        &mut self,
        deadline: Instant,
        find: impl FnOnce() -> io::Result<Option<Duration>>,
        set: impl FnOnce(Option<Duration>) -> io::Result<()>,
    ) -> io::Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let found = match *self {
            Self::Replaced { set, .. } if is_near(set, left) => return Ok(()),
            Self::Replaced { found, .. } => found,
            Self::Untouched => find()?,
        };
        set(Some(left))?;
        *self = Self::Replaced { found, set: left };
        Ok(())
    }
}

/// Whether a time-out that was set before ends as if it were set to what is left now.
fn is_near(set: Duration, left: Duration) -> bool {
    let most = left.saturating_add(left.checked_div(MAX_OVERRUN).unwrap_or_default());
    left.saturating_sub(TIMER_SLACK) <= set && set <= most
}

impl<IO: Transport> Read for Deadline<IO> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.bound_read()?;
        let read = self.io.read(buf)?;
        if let Some(phase) = &mut self.phase {
            phase.first.see(buf.get(..read).unwrap_or_default());
        }
        Ok(read)
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
    fn a_time_out_is_set_only_when_the_deadline_changes_it() {
        let mut deadline = Deadline::new(Ready::default(), HOUR);
        assert_eq!((deadline.reads(), deadline.reads()), (1, 1));
        deadline.extend(HOUR / 2);
        assert_eq!((deadline.reads(), deadline.reads()), (2, 2));
        deadline.extend(HOUR);
        assert_eq!((deadline.reads(), deadline.reads()), (3, 3));
        // Less than the part of the rest that it may be late by.
        deadline.extend(HOUR - HOUR / 64);
        assert_eq!(deadline.reads(), 3);
        deadline.extend(HOUR - HOUR / 16);
        assert_eq!(deadline.reads(), 4);

        let set = deadline.io.read_timeouts.borrow().clone();
        let about = |set: Option<Duration>, expected: Duration| {
            set.is_some_and(|set| set <= expected && set > expected - HOUR / 100)
        };
        assert!(about(set[0], HOUR) && about(set[1], HOUR / 2), "{set:?}");
        deadline.lift().unwrap();
        assert_eq!(deadline.io.read_timeouts.borrow().last(), Some(&FOUND));
        assert_eq!(*deadline.io.write_timeouts.borrow(), [], "never written");
        assert_eq!(deadline.io.asked.get(), 1);
        assert_eq!(deadline.reads(), 5, "the deadline is lifted");
    }

    #[test]
    fn each_direction_is_restored() {
        let mut deadline = Deadline::new(Ready::default(), HOUR);
        deadline.write_all(&[1]).unwrap();
        deadline.write_all(&[1]).unwrap();
        deadline.lift().unwrap();
        assert_eq!(deadline.io.write_timeouts.borrow().len(), 2);
        assert_eq!(deadline.io.write_timeouts.borrow().last(), Some(&FOUND));
        assert_eq!(*deadline.io.read_timeouts.borrow(), []);
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
