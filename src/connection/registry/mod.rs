mod notifier;
mod state;
#[cfg(test)]
mod tests;
pub(super) mod tracked_connection;
pub(crate) mod verification_subject;
mod verifier_thread;

use core::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex};

use pki_types::ServerName;

use super::LiveConnections;
use super::handle::ConnectionHandle;
use super::stream_tracking::StreamTracking;
use super::waiters::{Closer, Waiters};
use crate::peer::PeerIdentity;
use state::RegistryState;
use tracked_connection::{SharedRegistry, TrackedConnection};
use verification_subject::{VerificationBasis, VerificationSubject};

/// The open connections of a client or server.
///
/// It holds the newest basis and nothing else of the client or server, so that its connections can
/// outlive them. After it is dropped, no further revision comes.
pub(crate) struct Registry {
    setting: LiveConnections,
    shared: Arc<SharedRegistry>,
}

/// The revision of a connection that no handshake reported: it is verified at once.
const UNKNOWN: u64 = 0;

impl Registry {
    pub(crate) fn new(setting: LiveConnections, basis: VerificationBasis) -> Self {
        Self {
            setting,
            shared: Arc::new(SharedRegistry {
                state: Mutex::new(RegistryState::new(basis)),
                work: Condvar::new(),
            }),
        }
    }

    /// Adds a stream of a handshake under `revision`, if it is tracked and has a peer.
    ///
    /// `closer` is called only if the stream is closed on rejection.
    ///
    /// # Errors
    /// The system's: no descriptor for the closer, or no thread to verify on.
    pub(crate) fn open(
        &self,
        basis: impl FnOnce() -> VerificationBasis,
        peer: Option<&PeerIdentity>,
        asked: Option<&ServerName<'_>>,
        closer: impl FnOnce() -> io::Result<Option<Closer>>,
    ) -> io::Result<Option<StreamTracking>> {
        let closes = match self.setting {
            LiveConnections::Untracked => return Ok(None),
            LiveConnections::Notify => false,
            LiveConnections::Close => true,
        };
        let Some(peer) = peer else {
            return Ok(None);
        };
        let closer = if closes { closer()? } else { None };
        let basis = basis();
        let live = self.enter(
            basis.revision,
            VerificationSubject::new(peer, asked, &basis),
            Waiters::new(closer),
        )?;
        Ok(Some(StreamTracking::new(live, closes)))
    }

    /// Adds a connection that another library holds.
    ///
    /// # Errors
    /// The system's: no thread to verify on.
    pub(crate) fn track(
        &self,
        peer: &PeerIdentity,
        asked: Option<&ServerName<'_>>,
    ) -> io::Result<ConnectionHandle> {
        let subject = VerificationSubject::new(peer, asked, &self.shared.basis());
        self.enter(UNKNOWN, subject, Waiters::default())
    }

    /// Returns the number of connections.
    pub(crate) fn len(&self) -> usize {
        self.shared.state().len()
    }

    /// Sets the basis of a published revision. Called in the order of revisions.
    pub(crate) fn revised(&self, basis: VerificationBasis) {
        let former = self.shared.state().revise(Arc::new(basis));
        self.shared.work.notify_one();
        drop(former);
    }

    fn enter(
        &self,
        revision: u64,
        subject: VerificationSubject,
        waiting: Waiters,
    ) -> io::Result<ConnectionHandle> {
        let expires = subject.peer.path_not_after();
        let mut state = self.shared.state();
        if !state.has_thread {
            verifier_thread::start(Arc::clone(&self.shared))?;
            state.has_thread = true;
        }
        let connection = state.enter(revision, subject, expires, |subject, number| {
            let shared = Arc::clone(&self.shared);
            Arc::new(TrackedConnection::new(shared, subject, number, waiting))
        });
        let is_pressing = state.is_pressing();
        drop(state);
        if is_pressing {
            self.shared.work.notify_one();
        }
        Ok(ConnectionHandle::new(connection))
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        self.shared.work.notify_one();
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
