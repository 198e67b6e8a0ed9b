use std::collections::VecDeque;
use std::io::{self, IoSlice, Read, Write};
use std::sync::{Arc, Condvar, Mutex};

/// One end of a connection in memory. Reading waits for the other end.
#[derive(Debug)]
pub(crate) struct Pipe {
    incoming: Arc<Half>,
    outgoing: Arc<Half>,
}

#[derive(Debug, Default)]
struct Half {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bytes: VecDeque<u8>,
    closed: bool,
}

impl Pipe {
    pub(crate) fn pair() -> (Self, Self) {
        let (one, two) = (Arc::<Half>::default(), Arc::<Half>::default());
        let near = Self {
            incoming: Arc::clone(&one),
            outgoing: Arc::clone(&two),
        };
        let far = Self {
            incoming: two,
            outgoing: one,
        };
        (near, far)
    }
}

impl Read for Pipe {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut state = self.incoming.state.lock().unwrap();
        while state.bytes.is_empty() && !state.closed {
            state = self.incoming.changed.wait(state).unwrap();
        }
        state.bytes.read(buf)
    }
}

impl Write for Pipe {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let mut state = self.outgoing.state.lock().unwrap();
        state.bytes.extend(buf);
        self.outgoing.changed.notify_one();
        Ok(buf.len())
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut state = self.outgoing.state.lock().unwrap();
        for buf in bufs {
            state.bytes.extend(&buf[..]);
        }
        self.outgoing.changed.notify_one();
        Ok(bufs.iter().map(|buf| buf.len()).sum())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.outgoing.state.lock().unwrap().closed = true;
        self.outgoing.changed.notify_one();
    }
}
