mod next_step;
mod notifier;
pub(crate) mod open_connection;
mod retirement;
mod state;
#[cfg(test)]
mod tests;
pub(crate) mod verification_subject;
mod verifier_thread;
mod watch;

use core::fmt;
use core::time::Duration;
use std::io;
use std::sync::{Arc, Condvar, Mutex};

use pki_types::ServerName;

use super::LiveConnections;
use super::handle::ConnectionHandle;
use super::stream_tracking::StreamTracking;
use super::waiters::{Closer, Waiters};
use crate::backend::{ConnectionInfo, SessionInfo};
use crate::current::Current;
use crate::recent::Recent;
use open_connection::{OpenConnection, SharedRegistry};
use state::RegistryState;
use verification_subject::{VerificationBasis, VerificationSubject};

/// The open connections of a client or server.
///
/// It holds the newest basis and nothing else of the client or server, so that its connections can
/// outlive them. After it is dropped, no further revision comes.
pub(crate) struct Registry {
    setting: LiveConnections,
    /// How long a retired connection may take to end, if connections are retired.
    retires_within: Option<Duration>,
    shared: Arc<SharedRegistry>,
    sessions: Recent<SessionInfo>,
    names: Recent<ServerName<'static>>,
}

/// The revision of a connection that no handshake reported: it is verified at once.
const UNKNOWN: u64 = 0;

impl Registry {
    pub(crate) fn new(
        setting: LiveConnections,
        retires_within: Option<Duration>,
        basis: VerificationBasis,
    ) -> Self {
        Self {
            setting,
            retires_within,
            shared: Arc::new(SharedRegistry {
                newest: Current::new(basis.clone()),
                state: Mutex::new(RegistryState::new(basis, retires_within)),
                work: Condvar::new(),
            }),
            sessions: Recent::default(),
            names: Recent::default(),
        }
    }

    /// Returns what a handshake negotiated, shared with other connections that negotiated the same.
    pub(crate) fn share(&self, session: SessionInfo) -> Arc<SessionInfo> {
        self.sessions.share(session)
    }

    /// Adds the connection of a stream.
    ///
    /// `asked` is the name of a server. `closer` is called only if the stream may have to be
    /// closed.
    ///
    /// # Errors
    /// The system's: no descriptor for the closer, or no thread to verify on.
    pub(crate) fn open(
        &self,
        info: ConnectionInfo,
        asked: Option<ServerName<'static>>,
        basis: impl FnOnce() -> VerificationBasis,
        closer: impl FnOnce() -> io::Result<Option<Closer>>,
    ) -> io::Result<StreamTracking> {
        let closes = self.setting == LiveConnections::Close;
        let is_verified = self.setting != LiveConnections::Untracked && info.peer.is_some();
        let retires = self.retires_within.is_some();
        let asked = asked.map(|name| self.names.share(name));
        if !is_verified && !retires {
            let handle = self.untracked(info, asked, basis);
            return Ok(StreamTracking::new(handle));
        }
        let subject = subject(&info, asked, basis);
        let closer = if closes || retires { closer()? } else { None };
        let revision = info.revision;
        let waiting = (closes, Waiters::new(closer));
        let handle = self.enter(info, revision, subject, is_verified, waiting)?;
        Ok(StreamTracking::new(handle))
    }

    /// Adds a connection that another library holds.
    ///
    /// # Errors
    /// The system's: no thread to verify on.
    pub(crate) fn track(
        &self,
        info: ConnectionInfo,
        asked: Option<ServerName<'static>>,
    ) -> io::Result<ConnectionHandle> {
        let asked = asked.map(|name| self.names.share(name));
        let subject = subject(&info, asked, || (*self.shared.basis()).clone());
        self.enter(info, UNKNOWN, subject, true, (false, Waiters::default()))
    }

    /// Returns the number of tracked connections.
    pub(crate) fn len(&self) -> usize {
        self.shared.state().len()
    }

    /// Sets the basis of a published revision. Called in the order of revisions.
    ///
    /// `retires` is whether our identity or trust has changed.
    pub(crate) fn revised(&self, basis: VerificationBasis, retires: bool) {
        let basis = Arc::new(basis);
        self.shared.newest.store(Arc::clone(&basis));
        let mut state = self.shared.state();
        let former = state.revise(basis, retires);
        self.shared.wake(state);
        drop(former);
    }

    fn untracked(
        &self,
        info: ConnectionInfo,
        asked: Option<Arc<ServerName<'static>>>,
        basis: impl FnOnce() -> VerificationBasis,
    ) -> ConnectionHandle {
        // Otherwise the subject can be made when it is needed.
        let subject = match &info.peer {
            Some(peer) if peer.trust_anchor().is_none() => subject(&info, asked.clone(), basis),
            _ => None,
        };
        let shared = Arc::clone(&self.shared);
        let connection = OpenConnection::untracked(shared, info, asked, subject);
        ConnectionHandle::new(Arc::new(connection))
    }

    /// `revision` is the one that has verified the peer.
    fn enter(
        &self,
        info: ConnectionInfo,
        revision: u64,
        subject: Option<Arc<VerificationSubject>>,
        is_verified: bool,
        waiting: (bool, Waiters),
    ) -> io::Result<ConnectionHandle> {
        // Outside the lock: they read certificates.
        let group = subject.clone().filter(|_| is_verified).map(|subject| {
            subject.key();
            let expires = subject.peer.path_not_after();
            (subject, expires)
        });
        let opened_under = info.revision;
        let mut state = self.shared.state();
        if !state.has_thread {
            verifier_thread::start(Arc::clone(&self.shared))?;
            state.has_thread = true;
        }
        let connection = state.enter(revision, opened_under, group, |shared_subject, place| {
            let shared = Arc::clone(&self.shared);
            let subject = shared_subject.or(subject);
            let connection =
                OpenConnection::tracked(shared, info, subject, place, revision, waiting);
            Arc::new(connection)
        });
        self.shared.wake(state);
        Ok(ConnectionHandle::new(connection))
    }
}

/// The peer to verify; `None` for an anonymous client.
fn subject(
    info: &ConnectionInfo,
    asked: Option<Arc<ServerName<'static>>>,
    basis: impl FnOnce() -> VerificationBasis,
) -> Option<Arc<VerificationSubject>> {
    let peer = info.peer.as_ref()?;
    Some(Arc::new(VerificationSubject::new(peer, asked, basis)))
}

impl Drop for Registry {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.is_over = true;
        self.shared.wake(state);
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
