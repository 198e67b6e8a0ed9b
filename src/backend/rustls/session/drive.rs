//! The exchange between a session store and the drive around its call.

use core::time::Duration;
use std::sync::Arc;

use super::verified_session::VerifiedSession;
use crate::backend::SessionVerifier;
use crate::backend::rustls::slot::{Verdict, note};
use crate::peer::PeerIdentity;

impl VerifiedSession {
    /// Returns the verified peer of the session that the drive around this call makes.
    ///
    /// `None`, so that nothing is stored, if no peer was verified or it is not known.
    pub(in crate::backend::rustls) fn in_drive(
        verifier: &Arc<SessionVerifier>,
    ) -> Option<Arc<Self>> {
        let (known, verdict) = note(verifier, |record| {
            let peer = match &record.verdict {
                Some(Ok(peer)) => Some(peer.clone()),
                _ => None,
            };
            (record.proof.clone(), peer)
        })?;
        if known.is_some() {
            return known;
        }
        let proof = Arc::new(Self::new(verifier, verdict?)?);
        note(verifier, |record| record.proof = Some(Arc::clone(&proof)))?;
        Some(proof)
    }

    /// Whether a session may be resumed in the drive around this call.
    ///
    /// It must be young enough by both clocks, and its peer accepted now. The drive then records
    /// the peer.
    pub(super) fn holds(
        &self,
        verifier: &Arc<SessionVerifier>,
        max_age: Duration,
        ask: impl FnOnce(&PeerIdentity) -> Verdict,
    ) -> bool {
        // In whole seconds, so up to one second early or late; the monotonic clock is exact.
        let age = verifier
            .now_unless_panicked()
            .and_then(|now| now.as_secs().checked_sub(self.verified_at.as_secs()));
        let is_young = age.is_some_and(|age| Duration::from_secs(age) <= max_age);
        if self.is_over(max_age) || !is_young {
            return false;
        }
        let Ok(peer) = ask(&self.peer) else {
            return false;
        };
        let proof = Arc::new(Self {
            peer,
            ..self.clone()
        });
        note(verifier, |record| record.proof = Some(proof)).is_some()
    }
}
