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
    /// The stream's own tasks.
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// On the heap, because most connections have none.
    listeners: Option<Box<Listeners>>,
}

/// Those who have asked a handle for the end.
#[derive(Default)]
struct Listeners {
    on_rejection: Option<RejectionRecorder>,
    callbacks: Vec<Callback>,
    futures: Vec<(u64, Waker)>,
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
        self.listeners().callbacks.push(callback);
    }

    pub(crate) fn future(&mut self) -> WakerSlot {
        let listeners = self.listeners();
        listeners.next = listeners.next.wrapping_add(1);
        WakerSlot::Future(listeners.next)
    }

    /// Sets what records a rejection.
    pub(crate) fn record(&mut self, record: RejectionRecorder) {
        self.listeners().on_rejection = Some(record);
    }

    pub(crate) fn take_recorder(&mut self) -> Option<RejectionRecorder> {
        self.listeners.as_mut()?.on_rejection.take()
    }

    fn listeners(&mut self) -> &mut Listeners {
        self.listeners.get_or_insert_default()
    }

    /// Stores a task's waker. Returns its former one, which may own the task, to drop after the
    /// lock.
    pub(crate) fn wake(&mut self, slot: WakerSlot, waker: &Waker) -> Option<Waker> {
        let known = match slot {
            WakerSlot::Reader => &mut self.reader,
            WakerSlot::Writer => &mut self.writer,
            WakerSlot::Future(number) => return self.listeners().wake(number, waker),
        };
        match known {
            Some(known) if known.will_wake(waker) => None,
            known => known.replace(waker.clone()),
        }
    }

    /// Removes a task's waker, and returns it to drop after the lock.
    pub(crate) fn forget(&mut self, slot: WakerSlot) -> Option<Waker> {
        let number = match slot {
            WakerSlot::Reader => return self.reader.take(),
            WakerSlot::Writer => return self.writer.take(),
            WakerSlot::Future(number) => number,
        };
        let futures = &mut self.listeners.as_mut()?.futures;
        let place = futures.iter().position(|(own, _)| *own == number)?;
        Some(futures.swap_remove(place).1)
    }

    /// Takes those who wait for the end, and leaves the stream's own closer and tasks.
    pub(crate) fn take_listeners(&mut self) -> Self {
        let taken = self.listeners.as_mut().map(|listeners| {
            Box::new(Listeners {
                on_rejection: None,
                callbacks: core::mem::take(&mut listeners.callbacks),
                futures: core::mem::take(&mut listeners.futures),
                next: listeners.next,
            })
        });
        Self {
            listeners: taken,
            ..Self::default()
        }
    }

    /// Closes and wakes. Returns the callbacks, which may be slow.
    pub(crate) fn act(self) -> Vec<Callback> {
        if let Some(closer) = self.closer {
            catch_panic(closer);
        }
        let listeners = self.listeners.map(|listeners| *listeners);
        let Listeners {
            callbacks, futures, ..
        } = listeners.unwrap_or_default();
        let futures = futures.into_iter().map(|(_, waker)| waker);
        for waker in self.reader.into_iter().chain(self.writer).chain(futures) {
            catch_panic(|| waker.wake());
        }
        callbacks
    }
}

impl Listeners {
    fn wake(&mut self, number: u64, waker: &Waker) -> Option<Waker> {
        match self.futures.iter_mut().find(|(own, _)| *own == number) {
            Some((_, known)) if known.will_wake(waker) => None,
            Some((_, known)) => Some(core::mem::replace(known, waker.clone())),
            None => {
                self.futures.push((number, waker.clone()));
                None
            }
        }
    }
}

/// Runs the caller's code; `None` if it panics.
pub(crate) fn catch_panic<T>(run: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(run)).ok()
}
