use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::BTreeMap;
use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::Status;
use crate::connection::catch_panic;

/// Publishes the status to readers and to those that wait for changes.
#[derive(Debug)]
pub(crate) struct StatusChannel {
    state: Mutex<State>,
    changed: Condvar,
    /// The process whose threads publish here.
    process: u32,
}

/// What a forked process lacks.
const FORKED: &str = "this process was forked from the one that built the client or server, and threads do not survive a \
                      fork: the source is not polled here; build it after the fork";

#[derive(Debug)]
struct State {
    status: Status,
    /// The number of changes that a caller may wait for.
    version: u64,
    is_over: bool,
    /// The wakers of waiting futures, each under a number by which it can be removed.
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
            process: process::id(),
        }
    }

    pub(crate) fn status(&self) -> Status {
        let mut status = self.state().status.clone();
        // With a source, `build` was the first reload.
        if status.reloads > 0 && self.process != process::id() {
            status.degraded = Some(FORKED.into());
        }
        status
    }

    /// Writes to the status, and wakes all waiters if `write` returns true.
    pub(crate) fn note(&self, write: impl FnOnce(&mut Status) -> bool) {
        self.wake(|state| {
            let is_change = write(&mut state.status);
            if is_change {
                state.version = state.version.wrapping_add(1);
            }
            is_change
        });
    }

    /// Writes a change, and wakes all waiters.
    pub(crate) fn change(&self, write: impl FnOnce(&mut Status)) {
        self.note(|status| {
            write(status);
            true
        });
    }

    /// Marks the end: there are no further changes.
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
            // A waker is the caller's code: a panic in it must not stop the other wakers or a
            // rotation.
            catch_panic(|| waker.wake());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for the next change of a [`Status`].
///
/// A change is a new revision, a reload that failed, or one that succeeded after a failure. Changes
/// count from the creation of this value, and none is missed: of several changes between two waits
/// the last one is returned.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let server = pki::server_builder().build(mtls::Rustls::default())?;
/// use std::time::Duration;
///
/// let mut changes = server.handle().status_changes();
/// assert!(changes.wait(Duration::ZERO).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

    /// Blocks until the next change, for at most this time.
    ///
    /// Returns `None` if there was no change, and if there will be none because the client or
    /// server is gone.
    ///
    /// ```no_run
    /// # fn f(server: mtls::MtlsServer<mtls::Rustls>) {
    /// let mut changes = server.handle().status_changes();
    /// while let Some(status) = changes.wait(std::time::Duration::from_secs(3600)) {
    ///     match status.last_failure() {
    ///         Some(failure) => eprintln!("{}", mtls::Report::new(failure)),
    ///         None => println!("revision {} serves", status.revision()),
    ///     }
    /// }
    /// # }
    /// ```
    pub fn wait(&mut self, at_most: Duration) -> Option<Status> {
        let seen = self.seen;
        let is_same = |state: &mut State| state.version == seen && !state.is_over;
        let changed = &self.channel.changed;
        let woken = changed.wait_timeout_while(self.channel.state(), at_most, is_same);
        let (state, _) = woken.unwrap_or_else(PoisonError::into_inner);
        self.seen = state.version;
        (state.version != seen).then(|| state.status.clone())
    }

    /// Waits for a change on any runtime.
    ///
    /// Returns `None` if there will be none because the client or server is gone. Dropping the
    /// future loses nothing.
    ///
    /// ```
    /// # async fn f(server: mtls::MtlsServer<mtls::Rustls>) {
    /// let mut changes = server.handle().status_changes();
    /// while let Some(status) = changes.changed().await {
    ///     println!("{status}");
    /// }
    /// # }
    /// ```
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
    /// The number under which its waker is registered.
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
            // Dropped without the lock: the waker is the caller's code.
            let _waker = self.watch.channel.state().wakers.remove(&number);
        }
    }
}
