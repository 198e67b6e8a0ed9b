use core::task::Waker;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::backend::{EndReason, HandshakeError};

/// Shuts a connection down from any thread: see
/// [`Transport::shutdown_handle`](super::Transport::shutdown_handle).
pub(crate) type Closer = Box<dyn FnOnce() + Send>;

pub(crate) type Callback = Box<dyn FnOnce(&EndReason) + Send>;

/// Ours, and quick: it is called while the waiters are locked.
pub(crate) type RejectionRecorder = Box<dyn FnOnce(Arc<HandshakeError>) + Send>;

/// What to close, wake and call when a connection has to end.
#[derive(Default)]
pub(crate) struct Waiters {
    pub(crate) closer: Option<Closer>,
    pub(crate) on_rejection: Option<RejectionRecorder>,
    callbacks: Vec<Callback>,
    wakers: Vec<(WakerSlot, Waker)>,
    next: u64,
}

/// The owner of a waker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WakerSlot {
    /// The stream's own task that reads.
    Reader,
    /// The stream's own task that writes.
    Writer,
    /// A future of the handle.
    Future(u64),
}

impl Waiters {
    pub(crate) fn new(closer: Option<Closer>) -> Self {
        Self {
            closer,
            ..Self::default()
        }
    }

    pub(crate) fn call(&mut self, callback: Callback) {
        self.callbacks.push(callback);
    }

    pub(crate) fn future(&mut self) -> WakerSlot {
        self.next = self.next.wrapping_add(1);
        WakerSlot::Future(self.next)
    }

    /// Stores a task's waker. Returns its former one, which may own the task, to drop after the
    /// lock.
    pub(crate) fn wake(&mut self, slot: WakerSlot, waker: &Waker) -> Option<Waker> {
        match self.wakers.iter_mut().find(|(own, _)| *own == slot) {
            Some((_, known)) if known.will_wake(waker) => None,
            Some((_, known)) => Some(core::mem::replace(known, waker.clone())),
            None => {
                self.wakers.push((slot, waker.clone()));
                None
            }
        }
    }

    /// Removes a task's waker, and returns it to drop after the lock.
    pub(crate) fn forget(&mut self, slot: WakerSlot) -> Option<Waker> {
        let place = self.wakers.iter().position(|(own, _)| *own == slot)?;
        Some(self.wakers.swap_remove(place).1)
    }

    /// Takes those who wait for the end, and leaves the stream's own closer and tasks.
    pub(crate) fn take_listeners(&mut self) -> Self {
        let wakers = core::mem::take(&mut self.wakers);
        let (futures, tasks) = wakers
            .into_iter()
            .partition(|(slot, _)| matches!(slot, WakerSlot::Future(_)));
        self.wakers = tasks;
        Self {
            closer: None,
            on_rejection: None,
            callbacks: core::mem::take(&mut self.callbacks),
            wakers: futures,
            next: self.next,
        }
    }

    /// Closes and wakes. Returns the callbacks, which may be slow.
    pub(crate) fn act(self) -> Vec<Callback> {
        if let Some(closer) = self.closer {
            catch_panic(closer);
        }
        for (_, waker) in self.wakers {
            catch_panic(|| waker.wake());
        }
        self.callbacks
    }
}

/// Runs the caller's code; `None` if it panics.
pub(crate) fn catch_panic<T>(run: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(run)).ok()
}
