use core::time::Duration;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::connection::transport::Transport;

/// One end of a connection in memory, with time-outs as a socket has them.
///
/// It has no limit: a write never waits.
///
/// ```
/// use std::io::{Read, Write};
///
/// let (mut near, mut far) = mtls::test_util::MemoryTransport::pair();
/// near.write_all(b"hello")?;
/// let mut buffer = [0; 5];
/// far.read_exact(&mut buffer)?;
/// drop(near);
/// assert_eq!(far.read(&mut buffer)?, 0);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct MemoryTransport {
    incoming: Arc<Pipe>,
    outgoing: Arc<Pipe>,
    timeouts: Mutex<[Option<Duration>; 2]>,
}

/// Closes one end of a connection as soon as the other has shut down its writing.
///
/// For one end of a connection only: both would take their locks in opposite orders.
#[derive(Debug)]
pub(super) struct CloseBack {
    incoming: Arc<Pipe>,
    outgoing: Arc<Pipe>,
}

#[derive(Debug, Default)]
struct Pipe {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bytes: VecDeque<u8>,
    /// Nothing more is written.
    is_finished: bool,
    /// Nothing more is read.
    is_abandoned: bool,
    /// The reader closes its end when nothing more is written.
    closes_back: bool,
}

impl MemoryTransport {
    /// Creates two ends that are connected with each other.
    pub fn pair() -> (Self, Self) {
        let (there, back) = (Arc::<Pipe>::default(), Arc::<Pipe>::default());
        let end = |incoming: &Arc<Pipe>, outgoing: &Arc<Pipe>| Self {
            incoming: incoming.clone(),
            outgoing: outgoing.clone(),
            timeouts: Mutex::default(),
        };
        (end(&back, &there), end(&there, &back))
    }

    /// Returns what makes this end close when the other does.
    pub(super) fn close_back(&self) -> CloseBack {
        CloseBack {
            incoming: self.incoming.clone(),
            outgoing: self.outgoing.clone(),
        }
    }

    fn timeouts(&self) -> MutexGuard<'_, [Option<Duration>; 2]> {
        lock(&self.timeouts)
    }
}

impl CloseBack {
    pub(super) fn set(&self, closes_back: bool) {
        let mut state = lock(&self.incoming.state);
        state.closes_back = closes_back;
        if state.closes_back && state.is_finished {
            self.outgoing.change(|state| state.is_finished = true);
        }
    }
}

impl Pipe {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut lock(&self.state));
        self.changed.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Read for MemoryTransport {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let deadline = self.timeouts()[0].map(|at_most| Instant::now() + at_most);
        let mut state = lock(&self.incoming.state);
        while state.bytes.is_empty() && !state.is_finished && !buffer.is_empty() {
            let changed = &self.incoming.changed;
            state = if let Some(deadline) = deadline {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                let waited = changed.wait_timeout(state, left);
                waited.unwrap_or_else(PoisonError::into_inner).0
            } else {
                changed.wait(state).unwrap_or_else(PoisonError::into_inner)
            };
        }
        state.bytes.read(buffer)
    }
}

impl Write for MemoryTransport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = lock(&self.outgoing.state);
        if state.is_finished || state.is_abandoned {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        state.bytes.extend(bytes);
        self.outgoing.changed.notify_all();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for MemoryTransport {
    fn read_timeout(&self) -> io::Result<Option<Duration>> {
        Ok(self.timeouts()[0])
    }

    fn write_timeout(&self) -> io::Result<Option<Duration>> {
        Ok(self.timeouts()[1])
    }

    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.timeouts()[0] = timeout;
        Ok(())
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.timeouts()[1] = timeout;
        Ok(())
    }

    fn shutdown_write(&self) -> io::Result<()> {
        let mut state = lock(&self.outgoing.state);
        state.is_finished = true;
        self.outgoing.changed.notify_all();
        if state.closes_back {
            self.incoming.change(|state| state.is_finished = true);
        }
        Ok(())
    }

    fn shutdown_handle(&self) -> io::Result<Option<Box<dyn FnOnce() + Send>>> {
        let (incoming, outgoing) = (self.incoming.clone(), self.outgoing.clone());
        Ok(Some(Box::new(move || {
            incoming.change(|state| state.is_finished = true);
            outgoing.change(|state| state.is_finished = true);
        })))
    }
}

impl Drop for MemoryTransport {
    fn drop(&mut self) {
        self.outgoing.change(|state| state.is_finished = true);
        self.incoming.change(|state| state.is_abandoned = true);
    }
}
