use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use super::state::RegistryState;
use super::verification_subject::{Key, VerificationBasis, VerificationSubject};
use crate::connection::waiters::{Callback, Waiters};
use crate::policy::Rejection;

/// One connection in the registry, which it leaves when its last handle is dropped.
pub(crate) struct TrackedConnection {
    registry: Arc<SharedRegistry>,
    pub(crate) subject: Arc<VerificationSubject>,
    number: u64,
    /// Set once, while `waiting` is locked.
    pub(crate) rejection: OnceLock<Rejection>,
    waiting: Mutex<Waiters>,
    pub(crate) rejected: Condvar,
}

impl TrackedConnection {
    pub(crate) fn new(
        registry: Arc<SharedRegistry>,
        subject: Arc<VerificationSubject>,
        number: u64,
        waiting: Waiters,
    ) -> Self {
        Self {
            registry,
            subject,
            number,
            rejection: OnceLock::new(),
            waiting: Mutex::new(waiting),
            rejected: Condvar::new(),
        }
    }

    /// Sets the rejection, closes and wakes. Returns the callbacks; `None` if it was rejected
    /// before.
    pub(crate) fn reject(&self, rejection: &Rejection) -> Option<Vec<Callback>> {
        let mut waiting = self.waiting();
        // Before anything is closed, so that a woken task finds the rejection.
        self.rejection.set(rejection.clone()).ok()?;
        let acts = core::mem::take(&mut *waiting);
        drop(waiting);
        self.rejected.notify_all();
        Some(acts.act())
    }

    pub(crate) fn waiting(&self) -> MutexGuard<'_, Waiters> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for TrackedConnection {
    fn drop(&mut self) {
        self.registry.leave(&self.subject.key, self.number);
    }
}

/// What the registry, its thread and the connections share.
///
/// The lock is held only for look-ups: never during a verification or while the caller's code runs,
/// destructors included.
pub(crate) struct SharedRegistry {
    pub(crate) state: Mutex<RegistryState<TrackedConnection>>,
    /// Wakes the thread.
    pub(crate) work: Condvar,
}

impl SharedRegistry {
    pub(crate) fn state(&self) -> MutexGuard<'_, RegistryState<TrackedConnection>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The basis of the newest revision.
    pub(crate) fn basis(&self) -> Arc<VerificationBasis> {
        self.state().basis()
    }

    /// Removes a connection whose last handle was dropped.
    pub(crate) fn leave(&self, key: &Key, number: u64) {
        let mut state = self.state();
        let group = state.leave(key, number);
        let is_last = group.is_some() && state.len() == 0;
        drop(state);
        if is_last {
            self.work.notify_one();
        }
    }
}
