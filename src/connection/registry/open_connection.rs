use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use pki_types::UnixTime;

use super::state::{Place, RegistryState};
use super::verification_subject::{VerificationBasis, VerificationSubject};
use crate::backend::{ConnectionInfo, EndReason, HandshakeError};
use crate::connection::waiters::{Callback, RejectionRecorder, Waiters};
use crate::policy::Rejection;

/// An open connection. If it is in the registry, it leaves it when its last handle is dropped.
pub(crate) struct OpenConnection {
    registry: Arc<SharedRegistry>,
    /// Shared with its events, which may be reported after its end.
    pub(crate) info: Arc<ConnectionInfo>,
    /// `None` for an anonymous client.
    subject: Option<Arc<VerificationSubject>>,
    /// `None` if it is not tracked.
    place: Option<Place>,
    /// Whether its stream is closed when the peer is rejected.
    closes: bool,
    /// The newest revision that accepted the peer, and until when, once that was needed.
    verified: Mutex<(u64, Option<UnixTime>)>,
    /// Each is set once, while `waiting` is locked.
    rejected: OnceLock<EndReason>,
    retired: OnceLock<EndReason>,
    /// The rejection that ended the connection, by either side.
    rejection: OnceLock<Arc<HandshakeError>>,
    /// Whether its time to end after retirement has passed. Set while `waiting` is locked.
    is_overdue: AtomicBool,
    waiting: Mutex<Waiters>,
    pub(crate) ended: Condvar,
}

impl OpenConnection {
    /// `verified` is the revision that accepted the peer.
    pub(crate) fn new(
        registry: Arc<SharedRegistry>,
        info: ConnectionInfo,
        subject: Option<Arc<VerificationSubject>>,
        place: Option<Place>,
        verified: u64,
        (closes, waiting): (bool, Waiters),
    ) -> Self {
        Self {
            registry,
            info: Arc::new(info),
            subject,
            place,
            closes,
            verified: Mutex::new((verified, None)),
            rejected: OnceLock::new(),
            retired: OnceLock::new(),
            rejection: OnceLock::new(),
            is_overdue: AtomicBool::new(false),
            waiting: Mutex::new(waiting),
            ended: Condvar::new(),
        }
    }

    pub(crate) fn is_tracked(&self) -> bool {
        self.place.is_some()
    }

    /// A rejection counts more than a retirement before it.
    pub(crate) fn end_reason(&self) -> Option<&EndReason> {
        self.rejected.get().or_else(|| self.retired.get())
    }

    /// Why the stream may not be used any more.
    pub(crate) fn closed_for(&self) -> Option<&EndReason> {
        let rejected = self.rejected.get().filter(|_| self.closes);
        rejected.or_else(|| {
            let is_overdue = self.is_overdue.load(Ordering::Acquire);
            self.retired.get().filter(|_| is_overdue)
        })
    }

    /// Verifies the peer by the newest revision, unless it has been.
    pub(crate) fn verify_now(&self) -> Result<(), Rejection> {
        if let Some(EndReason::Rejected(rejection)) = self.rejected.get() {
            return Err(rejection.clone());
        }
        let Some(subject) = &self.subject else {
            return Ok(());
        };
        let basis = self.registry.basis();
        basis.verifier.check_serving()?;
        if self.verified().0 >= basis.revision {
            let now = basis.verifier.now_unless_panicked();
            let until = *self
                .verified()
                .1
                .get_or_insert_with(|| subject.peer.path_not_after());
            if now.is_some_and(|now| subject.peer.not_before() <= now && now <= until) {
                return Ok(());
            }
        }
        let until = subject.verify(&basis)?;
        let mut verified = self.verified();
        if verified.0 <= basis.revision {
            *verified = (basis.revision, Some(until));
        }
        Ok(())
    }

    fn verified(&self) -> MutexGuard<'_, (u64, Option<UnixTime>)> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the rejection, closes and wakes. Returns the callbacks; `None` if it was rejected
    /// before.
    pub(crate) fn reject(&self, rejection: &Rejection) -> Option<Vec<Callback>> {
        let mut waiting = self.waiting();
        if self.rejected.get().is_some() {
            return None;
        }
        // Before `rejected`, by which streams close without the lock: who sees that finds why.
        if self.closes {
            let error = HandshakeError::Rejected(rejection.clone());
            self.set_rejection(&mut waiting, Arc::new(error));
        }
        // Before anything is closed, so that a woken task finds the rejection.
        self.rejected
            .set(EndReason::Rejected(rejection.clone()))
            .ok()?;
        let acts = if self.closes {
            core::mem::take(&mut *waiting)
        } else {
            waiting.take_listeners()
        };
        drop(waiting);
        self.ended.notify_all();
        Some(acts.act())
    }

    /// The rejection that ended the connection, by either side.
    pub(crate) fn rejection(&self) -> Option<&Arc<HandshakeError>> {
        self.rejection.get()
    }

    /// Records that the peer has rejected us.
    pub(crate) fn rejected_by_peer(&self, error: Arc<HandshakeError>) {
        self.set_rejection(&mut self.waiting(), error);
    }

    /// The first counts: each side may reject the other.
    fn set_rejection(&self, waiting: &mut Waiters, error: Arc<HandshakeError>) {
        let record = waiting.on_rejection.take();
        if self.rejection.set(Arc::clone(&error)).is_ok()
            && let Some(record) = record
        {
            record(error);
        }
    }

    /// Sets what records the rejection elsewhere; at once, if there is one.
    pub(crate) fn on_rejection(&self, record: RejectionRecorder) {
        let mut waiting = self.waiting();
        match self.rejection.get() {
            Some(error) => record(Arc::clone(error)),
            None => waiting.on_rejection = Some(record),
        }
    }

    /// Asks those who hold the connection to end it. Returns the callbacks; `None` if they were
    /// asked before.
    pub(crate) fn retire(&self, revision: u64) -> Option<Vec<Callback>> {
        let mut waiting = self.waiting();
        self.retired.set(EndReason::Retired { revision }).ok()?;
        // Those of a rejection have been called.
        if self.rejected.get().is_some() {
            return None;
        }
        let acts = waiting.take_listeners();
        drop(waiting);
        self.ended.notify_all();
        Some(acts.act())
    }

    /// Closes a retired connection whose time is over.
    pub(crate) fn close(&self) {
        let mut waiting = self.waiting();
        self.is_overdue.store(true, Ordering::Release);
        let acts = core::mem::take(&mut *waiting);
        drop(waiting);
        // Callbacks that were set after the retirement have been called.
        drop(acts.act());
    }

    pub(crate) fn waiting(&self) -> MutexGuard<'_, Waiters> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        if let Some(place) = &self.place {
            self.registry.leave(place);
        }
    }
}

/// What the registry, its thread and the connections share.
///
/// The lock is held only for look-ups: never during a verification or while the caller's code runs,
/// destructors included.
pub(crate) struct SharedRegistry {
    /// The basis of the newest revision, for reading without the lock.
    pub(crate) newest: ArcSwap<VerificationBasis>,
    pub(crate) state: Mutex<RegistryState<OpenConnection>>,
    /// Wakes the thread.
    pub(crate) work: Condvar,
}

impl SharedRegistry {
    pub(crate) fn state(&self) -> MutexGuard<'_, RegistryState<OpenConnection>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The basis of the newest revision.
    pub(crate) fn basis(&self) -> Arc<VerificationBasis> {
        self.newest.load_full()
    }

    /// Removes a connection whose last handle was dropped.
    fn leave(&self, place: &Place) {
        let mut state = self.state();
        let group = state.leave(place);
        let is_last = state.len() == 0;
        drop(state);
        drop(group);
        if is_last {
            self.work.notify_one();
        }
    }
}
