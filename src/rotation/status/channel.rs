use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::Status;

/// Where the status stands for everyone to read, and to wait for.
#[derive(Debug)]
pub(crate) struct StatusChannel {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    status: Status,
    /// Counts the changes that somebody may wait for.
    version: u64,
    is_over: bool,
    /// Of those who wait, each under a number of its own, so that it can leave.
    wakers: BTreeMap<u64, Waker>,
    next_waiting: u64,
}

impl StatusChannel {
    pub(crate) fn new(status: Status) -> Self {
        Self {
            state: Mutex::new(State {
                status,
                version: 0,
                is_over: false,
                wakers: BTreeMap::new(),
                next_waiting: 0,
            }),
            changed: Condvar::new(),
        }
    }

    pub(crate) fn status(&self) -> Status {
        self.state().status.clone()
    }

    /// Writes something, and tells everyone who waits if `write` says that it is worth it.
    pub(crate) fn note(&self, write: impl FnOnce(&mut Status) -> bool) {
        self.wake(|state| {
            let is_change = write(&mut state.status);
            if is_change {
                state.version = state.version.wrapping_add(1);
            }
            is_change
        });
    }

    /// Writes a change, and tells everyone who waits for one.
    pub(crate) fn change(&self, write: impl FnOnce(&mut Status)) {
        self.note(|status| {
            write(status);
            true
        });
    }

    /// There will be no change any more.
    pub(crate) fn end(&self) {
        self.wake(|state| {
            state.is_over = true;
            true
        });
    }

    fn wake(&self, write: impl FnOnce(&mut State) -> bool) {
        let wakers = {
            let mut state = self.state();
            if !write(&mut state) {
                return;
            }
            core::mem::take(&mut state.wakers)
        };
        self.changed.notify_all();
        for waker in wakers.into_values() {
            // Somebody else's code: it must keep neither the others nor a rotation from going on.
            let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        }
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
pub struct StatusChanges {
    channel: Arc<StatusChannel>,
    seen: u64,
}

impl StatusChanges {
    pub(crate) fn new(channel: &Arc<StatusChannel>) -> Self {
        Self {
            seen: channel.state().version,
            channel: Arc::clone(channel),
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
        let mut state = self.channel.state();
        loop {
            if state.version != self.seen {
                self.seen = state.version;
                return Some(state.status.clone());
            }
            if state.is_over {
                return None;
            }
            let woken = &self.channel.changed;
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
        let changed = StatusChange {
            watch: self,
            waiting: None,
        };
        changed.await
    }
}

struct StatusChange<'a> {
    watch: &'a mut StatusChanges,
    /// Under which number its waker is known.
    waiting: Option<u64>,
}

impl Future for StatusChange<'_> {
    type Output = Option<Status>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Status>> {
        let this = &mut *self;
        let watch = &mut *this.watch;
        let mut state = watch.channel.state();
        if state.version != watch.seen {
            watch.seen = state.version;
            return Poll::Ready(Some(state.status.clone()));
        }
        if state.is_over {
            return Poll::Ready(None);
        }
        let number = this.waiting.unwrap_or(state.next_waiting);
        if this.waiting.replace(number).is_none() {
            state.next_waiting = state.next_waiting.wrapping_add(1);
        }
        let former = state.wakers.insert(number, context.waker().clone());
        drop(state);
        drop(former);
        Poll::Pending
    }
}

impl Drop for StatusChange<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.waiting {
            // Dropped without the lock: it is somebody else's.
            let _waker = self.watch.channel.state().wakers.remove(&number);
        }
    }
}
