//! The data in an `Ssl`: the expected peer, its verifier, and the verdict.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use openssl::error::ErrorStack;
use openssl::ex_data::Index;
use openssl::ssl::{Ssl, SslRef};
use openssl::stack::StackRef;
use openssl::x509::{X509, X509Ref};
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
    /// On the heap, because the slot stays as long as the connection.
    seen: Mutex<Option<Box<PresentedPath>>>,
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

type Verdict = Result<PeerIdentity, Rejection>;

struct PresentedPath {
    /// The certificates that OpenSSL showed, leaf first. Held here, none of them can make room for
    /// another at its address.
    shown: Vec<X509>,
    verdict: Verdict,
    /// What to remember about the peer when it has proved its key.
    finding: Option<Finding>,
}

impl PresentedPath {
    /// Whether OpenSSL shows the very same certificates again, which nothing can change.
    fn is(&self, shown: &StackRef<X509>) -> bool {
        self.shown.len() == shown.len() && self.shown.iter().zip(shown).all(|(a, b)| is_same(a, b))
    }

    /// Whether the verdict is about this leaf.
    fn is_about(&self, leaf: &X509Ref) -> Result<bool, ErrorStack> {
        match (self.shown.first(), &self.verdict) {
            (Some(shown), Ok(_)) if is_same(shown, leaf) => Ok(true),
            (Some(_), Ok(peer)) => Ok(peer.leaf() == leaf.to_der()?),
            _ => Ok(false),
        }
    }

    fn result(&self) -> Result<(), RejectionReason> {
        self.verdict.as_ref().map(drop).map_err(Rejection::reason)
    }
}

/// Whether both are one object of OpenSSL.
pub(super) fn is_same(a: &X509Ref, b: &X509Ref) -> bool {
    core::ptr::eq(a, b)
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
            *slot.seen() = Some(Box::new(PresentedPath {
                shown: Vec::new(),
                verdict: Err(rejection),
                finding: None,
            }));
        }
    }

    /// Forgets the verdict of a connection of ours, whose handshake is over.
    pub(super) fn clear(ssl: &SslRef) {
        if let Some(slot) = Self::of(ssl) {
            *slot.seen() = None;
        }
    }

    pub(super) fn peer(&self) -> &ExpectedPeer {
        &self.peer
    }

    /// Verifies these certificates once. OpenSSL calls this many times in one handshake.
    ///
    /// # Errors
    /// OpenSSL's, when it does not encode a certificate.
    pub(super) fn verify(
        &self,
        shown: &StackRef<X509>,
    ) -> Result<Result<(), RejectionReason>, ErrorStack> {
        let look = match self.seen().as_ref() {
            Some(seen) if seen.is(shown) => return Ok(seen.result()),
            Some(_) => Pass::Repeat,
            None => Pass::First,
        };
        let chain = der(shown)?;
        let Examined { verdict, finding } = match &self.peer {
            ExpectedPeer::Client => self.verifier.client(&chain, look),
            ExpectedPeer::Server(name) => self.verifier.server(&chain, name, look),
        };
        self.report(verdict.as_ref());
        let seen = PresentedPath {
            shown: shown.iter().map(X509Ref::to_owned).collect(),
            verdict,
            finding,
        };
        let result = seen.result();
        *self.seen() = Some(Box::new(seen));
        Ok(result)
    }

    /// Tells the observer of a native configuration's handshake; ours are reported as a whole.
    fn report(&self, verdict: Result<&PeerIdentity, &Rejection>) {
        if self.is_native {
            self.verifier.report_native(verdict);
        }
    }

    fn seen(&self) -> MutexGuard<'_, Option<Box<PresentedPath>>> {
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
    let Some(leaf) = ssl.peer_certificate() else {
        if client_auth == ClientAuthMode::Optional {
            return Ok(None);
        }
        let rejection = Rejection::new(RejectionReason::NoCertificate);
        slot.report(Err(&rejection));
        return Err(HandshakeError::Rejected(rejection));
    };
    let (verdict, finding) = match slot.seen().as_mut() {
        Some(seen) if seen.is_about(&leaf).map_err(HandshakeError::backend)? => {
            (seen.verdict.clone(), seen.finding.take())
        }
        _ => {
            return Err(HandshakeError::backend(
                "the peer's certificate was not verified",
            ));
        }
    };
    let peer = verdict.map_err(HandshakeError::Rejected)?;
    if let Some(finding) = finding {
        verifier.remember(finding);
    }
    Ok(Some(peer))
}

/// Encodes certificates of OpenSSL.
pub(super) fn der(shown: &StackRef<X509>) -> Result<Vec<CertificateDer<'static>>, ErrorStack> {
    shown
        .iter()
        .map(|certificate| certificate.to_der().map(CertificateDer::from))
        .collect()
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
