use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::status::Status;

/// Where the status stands for everyone to read, and to wait for.
#[derive(Debug)]
pub(super) struct Board {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    status: Status,
    /// Counts the changes that somebody may wait for.
    version: u64,
    is_over: bool,
    wakers: Vec<Waker>,
}

impl Board {
    pub(super) fn new(status: Status) -> Self {
        Self {
            state: Mutex::new(State {
                status,
                version: 0,
                is_over: false,
                wakers: Vec::new(),
            }),
            changed: Condvar::new(),
        }
    }

    pub(super) fn status(&self) -> Status {
        self.state().status.clone()
    }

    /// Writes something that is not worth waking anybody for.
    pub(super) fn note(&self, write: impl FnOnce(&mut Status)) {
        write(&mut self.state().status);
    }

    /// Writes a change, and tells everyone who waits for one.
    pub(super) fn change(&self, write: impl FnOnce(&mut Status)) {
        self.wake(|state| {
            write(&mut state.status);
            state.version = state.version.wrapping_add(1);
        });
    }

    /// There will be no change any more.
    pub(super) fn end(&self) {
        self.wake(|state| state.is_over = true);
    }

    fn wake(&self, write: impl FnOnce(&mut State)) {
        let wakers = {
            let mut state = self.state();
            write(&mut state);
            core::mem::take(&mut state.wakers)
        };
        self.changed.notify_all();
        wakers.into_iter().for_each(Waker::wake);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for the next change of a [`Status`]: a new revision, a reload that failed, one that succeeded again.
///
/// It begins with the moment at which it was made, and misses nothing after it; of several changes between two waits it
/// gives the last.
#[derive(Clone, Debug)]
pub struct StatusWatch {
    board: Arc<Board>,
    seen: u64,
}

impl StatusWatch {
    pub(super) fn new(board: &Arc<Board>) -> Self {
        Self {
            seen: board.state().version,
            board: Arc::clone(board),
        }
    }

    /// Waits for a change on this thread, for so long at most. `None` when there was none, and when there will be none
    /// because the client or server is gone.
    ///
    /// ```no_run
    /// # fn f(server: mtls::MtlsServer<mtls::Rustls>) {
    /// let mut changes = server.status_changes();
    /// while let Some(status) = changes.wait(std::time::Duration::from_secs(3600)) {
    ///     match status.last_failure() {
    ///         Some(failure) => eprintln!("revision {} serves on: {failure}", status.revision()),
    ///         None => println!("revision {} serves", status.revision()),
    ///     }
    /// }
    /// # }
    /// ```
    pub fn wait(&mut self, at_most: Duration) -> Option<Status> {
        let until = Instant::now().checked_add(at_most);
        let mut state = self.board.state();
        loop {
            if state.version != self.seen {
                self.seen = state.version;
                return Some(state.status.clone());
            }
            if state.is_over {
                return None;
            }
            let woken = &self.board.changed;
            state = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                Some(left) if left.is_zero() => return None,
                Some(left) => {
                    let woken = woken.wait_timeout(state, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => woken.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Waits for a change on any runtime. `None` when there will be none because the client or server is gone. Dropping
    /// the future loses nothing.
    pub async fn changed(&mut self) -> Option<Status> {
        Changed(self).await
    }
}

struct Changed<'a>(&'a mut StatusWatch);

impl Future for Changed<'_> {
    type Output = Option<Status>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Status>> {
        let watch = &mut *self.0;
        let mut state = watch.board.state();
        if state.version != watch.seen {
            watch.seen = state.version;
            return Poll::Ready(Some(state.status.clone()));
        }
        if state.is_over {
            return Poll::Ready(None);
        }
        let waker = context.waker();
        if !state.wakers.iter().any(|known| known.will_wake(waker)) {
            state.wakers.push(waker.clone());
        }
        Poll::Pending
    }
}
