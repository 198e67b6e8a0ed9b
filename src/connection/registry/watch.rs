use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use pki_types::UnixTime;

use super::state::Place;
use super::verification_subject::VerificationSubject;
use crate::backend::{EndReason, HandshakeError};
use crate::connection::waiters::{Callback, RejectionRecorder, Waiters};
use crate::policy::Rejection;

/// What a connection may end for, and who waits for that.
///
/// It takes more memory than all else that is known of a connection. One that is not tracked gets
/// it only when it is asked for.
pub(crate) struct Watch {
    /// `None` for an anonymous client, and if it can be made again.
    pub(super) subject: Option<Arc<VerificationSubject>>,
    /// `None` if the connection is not tracked.
    pub(super) place: Option<Place>,
    /// Whether the stream is closed when the peer is rejected.
    closes: bool,
    /// Whether its time to end after retirement has passed. Set while `waiting` is locked.
    is_overdue: AtomicBool,
    /// The newest revision that accepted the peer, and until when, once that was needed.
    verified: Mutex<(u64, Option<UnixTime>)>,
    /// Each is set once, while `waiting` is locked.
    pub(super) rejected: OnceLock<EndReason>,
    retired: OnceLock<EndReason>,
    /// The rejection that ended the connection, by either side.
    pub(super) rejection: OnceLock<Arc<HandshakeError>>,
    waiting: Mutex<Waiters>,
    pub(crate) ended: Condvar,
}

impl Watch {
    /// `verified` is the revision that accepted the peer.
    pub(super) fn new(
        subject: Option<Arc<VerificationSubject>>,
        place: Option<Place>,
        verified: u64,
        (closes, waiting): (bool, Waiters),
    ) -> Self {
        Self {
            subject,
            place,
            closes,
            is_overdue: AtomicBool::new(false),
            verified: Mutex::new((verified, None)),
            rejected: OnceLock::new(),
            retired: OnceLock::new(),
            rejection: OnceLock::new(),
            waiting: Mutex::new(waiting),
            ended: Condvar::new(),
        }
    }

    /// A rejection counts more than a retirement before it.
    pub(super) fn end_reason(&self) -> Option<&EndReason> {
        self.rejected.get().or_else(|| self.retired.get())
    }

    /// Why the stream may not be used any more.
    #[inline]
    pub(super) fn closed_for(&self) -> Option<&EndReason> {
        match self.rejected.get() {
            Some(reason) if self.closes => Some(reason),
            _ if self.is_overdue.load(Ordering::Acquire) => self.retired.get(),
            _ => None,
        }
    }

    /// Sets the rejection, closes and wakes. Returns the callbacks; `None` if it was rejected
    /// before.
    pub(super) fn reject(&self, rejection: &Rejection) -> Option<Vec<Callback>> {
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

    /// Records that the peer has rejected us.
    pub(super) fn rejected_by_peer(&self, error: Arc<HandshakeError>) {
        self.set_rejection(&mut self.waiting(), error);
    }

    /// The first counts: each side may reject the other.
    fn set_rejection(&self, waiting: &mut Waiters, error: Arc<HandshakeError>) {
        let record = waiting.take_recorder();
        if self.rejection.set(Arc::clone(&error)).is_ok()
            && let Some(record) = record
        {
            record(error);
        }
    }

    /// Sets what records the rejection elsewhere; at once, if there is one.
    pub(super) fn on_rejection(&self, record: RejectionRecorder) {
        let mut waiting = self.waiting();
        match self.rejection.get() {
            Some(error) => record(Arc::clone(error)),
            None => waiting.record(record),
        }
    }

    /// Asks those who hold the connection to end it. Returns the callbacks; `None` if they were
    /// asked before.
    pub(super) fn retire(&self, revision: u64) -> Option<Vec<Callback>> {
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
    pub(super) fn close(&self) {
        let mut waiting = self.waiting();
        self.is_overdue.store(true, Ordering::Release);
        let acts = core::mem::take(&mut *waiting);
        drop(waiting);
        // Callbacks that were set after the retirement have been called.
        drop(acts.act());
    }

    pub(super) fn verified(&self) -> MutexGuard<'_, (u64, Option<UnixTime>)> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn waiting(&self) -> MutexGuard<'_, Waiters> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
