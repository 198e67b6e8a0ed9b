use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use pki_types::ServerName;

use super::state::{Place, RegistryState};
use super::verification_subject::{Key, VerificationBasis, VerificationSubject};
use super::watch::Watch;
use crate::backend::{ConnectionInfo, EndReason, HandshakeError};
use crate::connection::waiters::{Callback, RejectionRecorder, Waiters};
use crate::current::Current;
use crate::policy::Rejection;

/// An open connection. If it is in the registry, it leaves it when its last handle is dropped.
pub(crate) struct OpenConnection {
    registry: Arc<SharedRegistry>,
    pub(crate) info: ConnectionInfo,
    /// The name that a server was connected by.
    asked: Option<Arc<ServerName<'static>>>,
    watch: OnceLock<Box<Watch>>,
}

impl OpenConnection {
    /// A connection that is not tracked. `subject` is needed only if its path is not shown.
    pub(crate) fn untracked(
        registry: Arc<SharedRegistry>,
        info: ConnectionInfo,
        asked: Option<Arc<ServerName<'static>>>,
        subject: Option<Arc<VerificationSubject>>,
    ) -> Self {
        let connection = Self {
            registry,
            info,
            asked,
            watch: OnceLock::new(),
        };
        if subject.is_some() {
            connection.watch.get_or_init(|| connection.watched(subject));
        }
        connection
    }

    /// A connection at its place in the registry. `verified` is the revision that accepted the
    /// peer.
    pub(crate) fn tracked(
        registry: Arc<SharedRegistry>,
        info: ConnectionInfo,
        subject: Option<Arc<VerificationSubject>>,
        place: Place,
        verified: u64,
        waiting: (bool, Waiters),
    ) -> Self {
        let watch = Watch::new(subject, Some(place), verified, waiting);
        Self {
            registry,
            info,
            // The subject has it.
            asked: None,
            watch: OnceLock::from(Box::new(watch)),
        }
    }

    /// Returns what the connection may end for.
    pub(crate) fn watch(&self) -> &Watch {
        self.watch.get_or_init(|| self.watched(None))
    }

    /// Returns what the connection may end for, if it was needed before.
    pub(crate) fn existing_watch(&self) -> Option<&Watch> {
        self.watch.get().map(|watch| &**watch)
    }

    fn watched(&self, subject: Option<Arc<VerificationSubject>>) -> Box<Watch> {
        let waiting = (false, Waiters::default());
        Box::new(Watch::new(subject, None, self.info.revision, waiting))
    }

    pub(crate) fn is_tracked(&self) -> bool {
        self.existing_watch()
            .is_some_and(|watch| watch.place.is_some())
    }

    /// A rejection counts more than a retirement before it.
    pub(crate) fn end_reason(&self) -> Option<&EndReason> {
        self.existing_watch()?.end_reason()
    }

    /// Why the stream may not be used any more.
    #[inline]
    pub(crate) fn closed_for(&self) -> Option<&EndReason> {
        self.watch.get()?.closed_for()
    }

    /// Verifies the peer by the newest revision, unless it has been.
    pub(crate) fn verify_now(&self) -> Result<(), Rejection> {
        let Some(peer) = &self.info.peer else {
            return Ok(());
        };
        let watch = self.watch();
        if let Some(EndReason::Rejected(rejection)) = watch.rejected.get() {
            return Err(rejection.clone());
        }
        let basis = self.registry.basis();
        basis.verifier.check_serving()?;
        if watch.verified().0 >= basis.revision {
            let now = basis.verifier.now_unless_panicked();
            let until = *watch
                .verified()
                .1
                .get_or_insert_with(|| peer.path_not_after());
            if now.is_some_and(|now| peer.not_before() <= now && now <= until) {
                return Ok(());
            }
        }
        let until = match &watch.subject {
            Some(subject) => subject.verify(&basis)?,
            None => VerificationSubject::shown(peer, self.asked.clone()).verify(&basis)?,
        };
        let mut verified = watch.verified();
        if verified.0 <= basis.revision {
            *verified = (basis.revision, Some(until));
        }
        Ok(())
    }

    /// Sets the rejection, closes and wakes. Returns the callbacks; `None` if it was rejected
    /// before.
    pub(crate) fn reject(&self, rejection: &Rejection) -> Option<Vec<Callback>> {
        self.watch().reject(rejection)
    }

    /// The rejection that ended the connection, by either side.
    pub(crate) fn rejection(&self) -> Option<&Arc<HandshakeError>> {
        self.existing_watch()?.rejection.get()
    }

    /// Records that the peer has rejected us.
    pub(crate) fn rejected_by_peer(&self, error: Arc<HandshakeError>) {
        self.watch().rejected_by_peer(error);
    }

    /// Sets what records the rejection elsewhere; at once, if there is one.
    pub(crate) fn on_rejection(&self, record: RejectionRecorder) {
        self.watch().on_rejection(record);
    }

    /// Asks those who hold the connection to end it. Returns the callbacks; `None` if they were
    /// asked before.
    pub(crate) fn retire(&self, revision: u64) -> Option<Vec<Callback>> {
        self.watch().retire(revision)
    }

    /// Closes a retired connection whose time is over.
    pub(crate) fn close(&self) {
        self.watch().close();
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let watch = self.existing_watch();
        let place = watch.and_then(|watch| Some((watch.place?, watch.subject.as_deref())));
        if let Some((place, subject)) = place {
            let key = subject
                .filter(|_| place.is_grouped)
                .map(VerificationSubject::key);
            self.registry.leave(key, self.info.revision, place.number);
        }
    }
}

/// What the registry, its thread and the connections share.
///
/// The lock is held only for look-ups: never during a verification or while the caller's code runs,
/// destructors included.
pub(crate) struct SharedRegistry {
    /// The basis of the newest revision, for reading without the lock of the state.
    pub(crate) newest: Current<VerificationBasis>,
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
        self.newest.load()
    }

    /// Wakes the thread if it has something to do before what it waits for.
    pub(crate) fn wake(&self, mut state: MutexGuard<'_, RegistryState<OpenConnection>>) {
        let has_to_wake = state.has_to_wake();
        drop(state);
        if has_to_wake {
            self.work.notify_one();
        }
    }

    /// Removes a connection whose last handle was dropped: see [`RegistryState::leave`].
    pub(super) fn leave(&self, key: Option<&Key>, opened: u64, number: u64) {
        let mut state = self.state();
        let group = state.leave(key, opened, number);
        self.wake(state);
        drop(group);
    }
}
