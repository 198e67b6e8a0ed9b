use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pki_types::ServerName;
use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};

use super::store::SessionStore;
use super::verified_session::{MAX_SERVER_NAMES, MAX_TICKETS_PER_SERVER, VerifiedSession};
use crate::backend::SessionVerifier;
use crate::backend::verification::session_verifier::Pass;

/// The sessions of one client configuration. rustls wipes the secrets in its values.
pub(in crate::backend::rustls) struct ClientSessions {
    verifier: Arc<SessionVerifier>,
    max_age: Duration,
    kept: Mutex<Servers>,
}

type Servers = SessionStore<ServerName<'static>, Sessions>;

/// The sessions with one server.
#[derive(Default)]
struct Sessions {
    tls12: Option<(Tls12ClientSessionValue, Arc<VerifiedSession>)>,
    /// The newest last.
    tls13: VecDeque<(Tls13ClientSessionValue, Arc<VerifiedSession>)>,
}

impl Sessions {
    fn drop_over(&mut self, max_age: Duration) {
        self.tls12.take_if(|(_, proof)| proof.is_over(max_age));
        self.tls13.retain(|(_, proof)| !proof.is_over(max_age));
    }

    fn are_over(&self, max_age: Duration) -> bool {
        let mut proofs = self
            .tls13
            .iter()
            .map(|(_, proof)| proof)
            .chain(self.tls12.iter().map(|(_, proof)| proof));
        proofs.all(|proof| proof.is_over(max_age))
    }
}

impl ClientSessions {
    pub(in crate::backend::rustls) fn new(
        verifier: Arc<SessionVerifier>,
        max_age: Duration,
    ) -> Self {
        Self {
            verifier,
            max_age,
            kept: Mutex::new(SessionStore::new(MAX_SERVER_NAMES)),
        }
    }

    /// Not held during a verification, which may call the caller's code.
    fn kept(&self) -> MutexGuard<'_, Servers> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(
        &self,
        name: ServerName<'static>,
        put: impl FnOnce(&mut Sessions, Arc<VerifiedSession>),
    ) {
        let Some(proof) = VerifiedSession::in_drive(&self.verifier) else {
            return;
        };
        let mut kept = self.kept();
        kept.sweep(|sessions| sessions.are_over(self.max_age));
        let mut sessions = kept.remove(&name).unwrap_or_default();
        sessions.drop_over(self.max_age);
        put(&mut sessions, proof);
        kept.put(name, sessions);
    }

    fn change<T>(
        &self,
        name: &ServerName<'_>,
        change: impl FnOnce(&mut Sessions) -> Option<T>,
    ) -> Option<T> {
        change(self.kept().get_mut(&name.to_owned())?)
    }

    fn may_resume(&self, name: &ServerName<'_>, proof: &VerifiedSession) -> bool {
        proof.holds(&self.verifier, self.max_age, |peer| {
            let examined = self
                .verifier
                .server(&peer.presented(), name, Pass::Unreported);
            examined.verdict
        })
    }
}

impl ClientSessionStore for ClientSessions {
    /// Not stored, like sessions. A hint would save a round trip with a server of other groups.
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.keep(name, |sessions, proof| {
            sessions.tls12 = Some((value, proof));
        });
    }

    fn tls12_session(&self, name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        let (value, proof) = self.change(name, |sessions| sessions.tls12.clone())?;
        if self.may_resume(name, &proof) {
            return Some(value);
        }
        self.change(name, |sessions| sessions.tls12.take());
        None
    }

    fn remove_tls12_session(&self, name: &ServerName<'static>) {
        self.change(name, |sessions| sessions.tls12.take());
    }

    fn insert_tls13_ticket(&self, name: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.keep(name, |sessions, proof| {
            while sessions.tls13.len() >= MAX_TICKETS_PER_SERVER {
                sessions.tls13.pop_front();
            }
            sessions.tls13.push_back((value, proof));
        });
    }

    fn take_tls13_ticket(&self, name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        let (value, proof) = self.change(name, |sessions| sessions.tls13.pop_back())?;
        self.may_resume(name, &proof).then_some(value)
    }
}

impl fmt::Debug for ClientSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSessions")
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}
