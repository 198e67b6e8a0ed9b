use core::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use pki_types::ServerName;

use super::attached::Attached;
use super::handle::LiveConnection;
use super::state::State;
use super::subject::{Basis, Key, Subject};
use super::waiting::{Closer, Waiting};
use super::{LiveConnections, thread};
use crate::peer::PeerIdentity;
use crate::rotation::Revision;

/// The open connections of a client or server. It knows the newest judge and nothing else of them, so that it can
/// outlive them; dropped with them, it is told of no further revision.
pub(crate) struct Registry {
    setting: LiveConnections,
    shared: Arc<Shared>,
}

/// What the registry, its thread and the connections have in common. The lock is held for look-ups alone: never while a
/// peer is judged, and never while somebody else's code runs, their destructors included.
pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    /// For the thread alone.
    pub(super) work: Condvar,
}

/// Of which revision a connection was not seen: it is judged at once.
const UNKNOWN: u64 = 0;

impl Registry {
    pub(crate) fn new<C>(setting: LiveConnections, revision: &Revision<C>) -> Self {
        Self {
            setting,
            shared: Arc::new(Shared {
                state: Mutex::new(State::new(basis(revision))),
                work: Condvar::new(),
            }),
        }
    }

    /// Takes in a stream whose handshake ran under `revision`, if streams are tracked and it has a peer. `closer` is
    /// asked if it is to be closed.
    ///
    /// # Errors
    /// The system's: no descriptor for the closer, or no thread to judge on.
    pub(crate) fn open<C>(
        &self,
        revision: &Revision<C>,
        peer: Option<&PeerIdentity>,
        asked: Option<&ServerName<'_>>,
        closer: impl FnOnce() -> io::Result<Option<Closer>>,
    ) -> io::Result<Option<Attached>> {
        let closes = match self.setting {
            LiveConnections::Untracked => return Ok(None),
            LiveConnections::Tell => false,
            LiveConnections::Close => true,
        };
        let Some(peer) = peer else {
            return Ok(None);
        };
        let closer = if closes { closer()? } else { None };
        let live = self.enter(
            revision.number,
            Subject::new(peer, asked, &basis(revision)),
            Waiting::new(closer),
        )?;
        Ok(Some(Attached::new(live, closes)))
    }

    /// Takes in a connection that somebody else holds.
    ///
    /// # Errors
    /// The system's: no thread to judge on.
    pub(crate) fn track(
        &self,
        peer: &PeerIdentity,
        asked: Option<&ServerName<'_>>,
    ) -> io::Result<LiveConnection> {
        let subject = Subject::new(peer, asked, &self.shared.basis());
        self.enter(UNKNOWN, subject, Waiting::default())
    }

    /// How many connections there are.
    pub(crate) fn len(&self) -> usize {
        self.shared.state().len()
    }

    /// A revision was published. Told in the order of their numbers.
    pub(crate) fn revised<C>(&self, revision: &Revision<C>) {
        let basis = Arc::new(basis(revision));
        let former = self.shared.state().revise(basis);
        self.shared.work.notify_one();
        drop(former);
    }

    fn enter(
        &self,
        revision: u64,
        subject: Subject,
        waiting: Waiting,
    ) -> io::Result<LiveConnection> {
        let expires = subject.peer.path_not_after();
        let mut state = self.shared.state();
        if !state.has_thread {
            thread::start(Arc::clone(&self.shared))?;
            state.has_thread = true;
        }
        let live = state.enter(revision, subject, expires, |subject, number| {
            LiveConnection::new(Arc::clone(&self.shared), subject, number, waiting)
        });
        let is_pressing = state.is_pressing();
        drop(state);
        if is_pressing {
            self.shared.work.notify_one();
        }
        Ok(live)
    }
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the newest revision judges by.
    fn basis(&self) -> Arc<Basis> {
        self.state().basis()
    }

    /// A connection's last handle is gone.
    pub(super) fn leave(&self, key: &Key, number: u64) {
        let mut state = self.state();
        let group = state.leave(key, number);
        let is_last = group.is_some() && state.len() == 0;
        drop(state);
        if is_last {
            self.work.notify_one();
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        self.shared.work.notify_one();
    }
}

fn basis<C>(revision: &Revision<C>) -> Basis {
    Basis {
        revision: revision.number,
        verifier: Arc::clone(&revision.verifier),
        trust: revision.parts.trust.clone(),
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("setting", &self.setting)
            .field("connections", &self.len())
            .finish_non_exhaustive()
    }
}
