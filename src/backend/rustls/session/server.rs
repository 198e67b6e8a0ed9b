use core::fmt;
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::server::StoresServerSessions;
use zeroize::Zeroizing;

use super::store::SessionStore;
use super::verified_session::{MAX_SERVER_SESSIONS, VerifiedSession};
use crate::backend::SessionVerifier;
use crate::backend::verification::session_verifier::Pass;

/// The sessions of one server configuration.
pub(in crate::backend::rustls) struct ServerSessions {
    verifier: Arc<SessionVerifier>,
    max_age: Duration,
    kept: Mutex<SessionStore<Vec<u8>, Arc<Session>>>,
}

struct Session {
    proof: Arc<VerifiedSession>,
    /// rustls' own encoding, which contains the session's secret.
    value: Zeroizing<Vec<u8>>,
}

impl ServerSessions {
    pub(in crate::backend::rustls) fn new(
        verifier: Arc<SessionVerifier>,
        max_age: Duration,
    ) -> Self {
        Self {
            verifier,
            max_age,
            kept: Mutex::new(SessionStore::new(MAX_SERVER_SESSIONS)),
        }
    }

    /// Not held during a verification, which may call the caller's code.
    fn kept(&self) -> MutexGuard<'_, SessionStore<Vec<u8>, Arc<Session>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the value as rustls needs it; we cannot wipe rustls' copy.
    fn resumable(&self, session: &Session) -> Option<Vec<u8>> {
        let holds = session.proof.holds(&self.verifier, self.max_age, |peer| {
            let examined = self.verifier.client(&peer.presented(), Pass::Unreported);
            examined.verdict
        });
        holds.then(|| session.value.to_vec())
    }
}

impl StoresServerSessions for ServerSessions {
    fn put(&self, id: Vec<u8>, value: Vec<u8>) -> bool {
        let value = Zeroizing::new(value);
        // The client is anonymous, or other code drives the connection and the client is unknown.
        let Some(proof) = VerifiedSession::in_drive(&self.verifier) else {
            return false;
        };
        let mut kept = self.kept();
        kept.sweep(|session| session.proof.is_over(self.max_age));
        kept.put(id, Arc::new(Session { proof, value }));
        true
    }

    /// For TLS 1.2, where a session serves many times.
    fn get(&self, id: &[u8]) -> Option<Vec<u8>> {
        let session = self.kept().get(id).map(Arc::clone)?;
        let value = self.resumable(&session);
        if value.is_none() {
            self.kept().remove(id);
        }
        value
    }

    /// For TLS 1.3, where a session serves once.
    fn take(&self, id: &[u8]) -> Option<Vec<u8>> {
        let session = self.kept().remove(id)?;
        self.resumable(&session)
    }

    fn can_cache(&self) -> bool {
        true
    }
}

impl fmt::Debug for ServerSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerSessions")
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}
