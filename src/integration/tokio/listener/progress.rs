use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Wake;

use super::error::ListenerError;
use crate::backend::HandshakeError;
use crate::handshake_report::Cancellation;

/// Whether a handshake is stuck, as its task and its wakers report it.
///
/// It is the waker of the handshake: one that was woken has something to do, and is not stuck.
#[derive(Debug)]
pub(crate) struct Progress {
    stage: AtomicU8,
    has_given_way: AtomicBool,
    task: Mutex<Waker>,
}

/// The task runs or is about to run. The client may have sent its hello.
const BUSY: u8 = 0;
/// The task has run, and waits for the rest of the client's hello.
const WAITING: u8 = 1;
/// The client's hello has arrived, and we have answered it.
const ANSWERED: u8 = 2;
/// The task runs, and was not woken in between.
const RUNNING: u8 = 3;

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            stage: AtomicU8::new(BUSY),
            has_given_way: AtomicBool::new(false),
            task: Mutex::new(Waker::noop().clone()),
        }
    }

    /// Records that the handshake is aborted in favour of newer ones.
    pub(super) fn give_way(&self) {
        self.has_given_way.store(true, Ordering::Release);
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.stage.load(Ordering::Acquire) == WAITING
    }

    pub(super) fn is_answered(&self) -> bool {
        self.stage.load(Ordering::Acquire) == ANSWERED
    }

    /// Polls the handshake in its task.
    pub(super) fn poll<T>(
        self: &Arc<Self>,
        context: &Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        // A waker that panics in between leaves a waker all the same.
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        task.clone_from(context.waker());
        drop(task);
        self.advance(&[BUSY, WAITING], RUNNING);
        let waker = Waker::from(Arc::clone(self));
        let polled = poll(&mut Context::from_waker(&waker));
        self.advance(&[RUNNING], WAITING);
        polled
    }

    /// Records that we answer the client's hello.
    pub(in crate::integration::tokio) fn answered(&self) {
        self.stage.store(ANSWERED, Ordering::Release);
    }

    fn advance(&self, from: &[u8], to: u8) {
        let next = |stage| from.contains(&stage).then_some(to);
        let (set, fetch) = (Ordering::AcqRel, Ordering::Acquire);
        // In another stage it stays there.
        let _ = self.stage.fetch_update(set, fetch, next);
    }
}

impl Cancellation for Progress {
    fn error(&self) -> Option<HandshakeError> {
        let error = || ListenerError::GaveWay.into_handshake_error();
        self.has_given_way.load(Ordering::Acquire).then(error)
    }
}

impl Wake for Progress {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.advance(&[WAITING, RUNNING], BUSY);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        task.wake_by_ref();
    }
}
