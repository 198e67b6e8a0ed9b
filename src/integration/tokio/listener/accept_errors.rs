use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io::{self, ErrorKind};

use tokio::time::{Sleep, sleep};

/// Out of file descriptors or of memory.
#[cfg(unix)]
const EXHAUSTED: [i32; 4] = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
/// `WSAEMFILE` and `WSAENOBUFS`.
#[cfg(not(unix))]
const EXHAUSTED: [i32; 2] = [10024, 10055];

/// The pause after an error of the system.
#[derive(Debug)]
pub(super) struct BackOff {
    pause: Option<Pin<Box<Sleep>>>,
    next: Duration,
}

impl BackOff {
    const FIRST: Duration = Duration::from_millis(10);
    const LONGEST: Duration = Duration::from_secs(1);

    pub(super) fn new() -> Self {
        Self {
            pause: None,
            next: Self::FIRST,
        }
    }

    /// Begins a pause, twice as long as the last one.
    pub(super) fn begin(&mut self) {
        self.pause = Some(Box::pin(sleep(self.next)));
        self.next = self.next.saturating_mul(2).min(Self::LONGEST);
    }

    /// Ends the pause, because a file descriptor is free.
    pub(super) fn cut_short(&mut self) {
        self.pause = None;
    }

    pub(super) fn succeeded(&mut self) {
        self.next = Self::FIRST;
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
        Poll::Ready(())
    }
}

/// Whether an error of `accept` is about a connection that has ended already.
pub(super) fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::Interrupted
    )
}

pub(super) fn is_exhaustion(error: &io::Error) -> bool {
    error
        .raw_os_error()
        .is_some_and(|code| EXHAUSTED.contains(&code))
}
