use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Shows what takes more than a second, on a terminal, until it is dropped.
pub(crate) struct Progress(Option<(Sender<()>, JoinHandle<()>)>);

impl Progress {
    /// The time after which it appears.
    const PATIENCE: Duration = Duration::from_secs(1);

    pub(crate) fn new(what: impl Into<String>) -> Self {
        if !io::stderr().is_terminal() {
            return Self(None);
        }
        let what = what.into();
        let (done, wait) = channel();
        let thread = thread::spawn(move || {
            if wait.recv_timeout(Self::PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let _ = write!(io::stderr(), "{what} ..");
                let _ = wait.recv();
                // To the first column, and clear the line (ECMA-48).
                let _ = write!(io::stderr(), "\r\u{1b}[K");
            }
        });
        Self(Some((done, thread)))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((done, thread)) = self.0.take() {
            drop(done);
            // It prints nothing more once it has ended.
            let _ = thread.join();
        }
    }
}
