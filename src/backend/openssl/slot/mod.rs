//! The data in an `Ssl`: the expected peer, its verifier, and the verdict.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use openssl::error::ErrorStack;
use openssl::ex_data::Index;
use openssl::ssl::{Ssl, SslRef};
use pki_types::{CertificateDer, ServerName};

use crate::backend::verification::session_verifier::Pass;
use crate::backend::{ClientAuthMode, Examined, Finding, HandshakeError, SessionVerifier};
use crate::peer::PeerIdentity;
use crate::policy::{Rejection, RejectionReason};

/// The verification of one handshake. OpenSSL's callback receives only the `Ssl` that holds it.
pub(super) struct Slot {
    verifier: Arc<SessionVerifier>,
    peer: ExpectedPeer,
    /// Whether other code than ours drives the connection.
    is_native: bool,
    seen: Mutex<Option<PresentedPath>>,
}

/// The mark of a connection that our own code drives.
pub(super) struct OwnHandshake;

impl OwnHandshake {
    /// Marks `ssl`, before its slot is laid.
    pub(super) fn mark(ssl: &mut SslRef) -> Result<(), ErrorStack> {
        ssl.set_ex_data(Self::index()?, Self);
        Ok(())
    }

    fn is_on(ssl: &SslRef) -> bool {
        Self::index().is_ok_and(|index| ssl.ex_data(index).is_some())
    }

    fn index() -> Result<Index<Ssl, Self>, ErrorStack> {
        static INDEX: LazyLock<Result<Index<Ssl, OwnHandshake>, ErrorStack>> =
            LazyLock::new(Ssl::new_ex_index);
        INDEX.clone()
    }
}

/// The expected peer.
pub(super) enum ExpectedPeer {
    Client,
    Server(ServerName<'static>),
}

pub(super) type Verdict = Result<PeerIdentity, Rejection>;

struct PresentedPath {
    chain: Vec<CertificateDer<'static>>,
    verdict: Verdict,
    /// What to remember about the peer when it has proved its key.
    finding: Option<Finding>,
}

impl Slot {
    /// Sets a new slot in `ssl`, for a coming handshake.
    pub(super) fn lay(
        ssl: &mut SslRef,
        verifier: &Arc<SessionVerifier>,
        peer: ExpectedPeer,
    ) -> Result<(), ErrorStack> {
        let slot = Self {
            verifier: Arc::clone(verifier),
            peer,
            is_native: !OwnHandshake::is_on(ssl),
            seen: Mutex::new(None),
        };
        ssl.set_ex_data(index()?, slot);
        Ok(())
    }

    pub(super) fn of(ssl: &SslRef) -> Option<&Self> {
        ssl.ex_data(index().ok()?)
    }

    /// Sets a rejection before the peer presented a chain.
    pub(super) fn reject(ssl: &SslRef, rejection: Rejection) {
        if let Some(slot) = Self::of(ssl) {
            slot.report(Err(&rejection));
            *slot.seen() = Some(PresentedPath {
                chain: Vec::new(),
                verdict: Err(rejection),
                finding: None,
            });
        }
    }

    pub(super) fn peer(&self) -> &ExpectedPeer {
        &self.peer
    }

    /// Verifies this chain once. OpenSSL calls this many times in one handshake.
    pub(super) fn verify(&self, chain: Vec<CertificateDer<'static>>) -> Verdict {
        let look = match self.seen().as_ref() {
            Some(seen) if seen.chain == chain => return seen.verdict.clone(),
            Some(_) => Pass::Repeat,
            None => Pass::First,
        };
        let Examined { verdict, finding } = match &self.peer {
            ExpectedPeer::Client => self.verifier.client(&chain, look),
            ExpectedPeer::Server(name) => self.verifier.server(&chain, name, look),
        };
        self.report(verdict.as_ref());
        *self.seen() = Some(PresentedPath {
            chain,
            verdict: verdict.clone(),
            finding,
        });
        verdict
    }

    /// Tells the observer of a native configuration's handshake; ours are reported as a whole.
    fn report(&self, verdict: Result<&PeerIdentity, &Rejection>) {
        if self.is_native {
            self.verifier.report_native(verdict);
        }
    }

    fn seen(&self) -> MutexGuard<'_, Option<PresentedPath>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rejection by our callback, if there is one.
pub(super) fn rejection(ssl: &SslRef) -> Option<HandshakeError> {
    match &Slot::of(ssl)?.seen().as_ref()?.verdict {
        Ok(_) => None,
        Err(rejection) => Some(HandshakeError::Rejected(rejection.clone())),
    }
}

/// Returns the accepted peer after the handshake, if it proved its key.
pub(super) fn conclude(
    ssl: &SslRef,
    verifier: &Arc<SessionVerifier>,
    client_auth: ClientAuthMode,
) -> Result<Option<PeerIdentity>, HandshakeError> {
    let slot = Slot::of(ssl).filter(|slot| Arc::ptr_eq(&slot.verifier, verifier));
    let Some(slot) = slot else {
        return Err(HandshakeError::backend(
            "this configuration did not prepare the `Ssl`",
        ));
    };
    if let Some(rejection) = rejection(ssl) {
        return Err(rejection);
    }
    if !ssl.is_init_finished() {
        return Err(HandshakeError::backend("the handshake is not over"));
    }
    if ssl.session_reused() {
        return Err(HandshakeError::backend(
            "a session was resumed, which is switched off",
        ));
    }
    let leaf = match ssl.peer_certificate() {
        Some(leaf) => Some(leaf.to_der().map_err(HandshakeError::backend)?),
        None => None,
    };
    let (verdict, finding) = match slot.seen().as_mut() {
        Some(seen) => (Some(seen.verdict.clone()), seen.finding.take()),
        None => (None, None),
    };
    match (leaf, verdict) {
        (Some(leaf), Some(Ok(peer))) if peer.leaf() == leaf => {
            if let Some(finding) = finding {
                verifier.remember(finding);
            }
            Ok(Some(peer))
        }
        (Some(_), _) => Err(HandshakeError::backend(
            "the peer's certificate was not verified",
        )),
        (None, _) if client_auth == ClientAuthMode::Required => {
            let rejection = Rejection::new(RejectionReason::NoCertificate);
            slot.report(Err(&rejection));
            Err(HandshakeError::Rejected(rejection))
        }
        (None, _) => Ok(None),
    }
}

/// The index of the slot in an `Ssl`.
///
/// OpenSSL counts indices, so one serves the whole process.
pub(super) fn index() -> Result<Index<Ssl, Slot>, ErrorStack> {
    static INDEX: LazyLock<Result<Index<Ssl, Slot>, ErrorStack>> = LazyLock::new(Ssl::new_ex_index);
    INDEX.clone()
}

#[cfg(test)]
mod tests;
