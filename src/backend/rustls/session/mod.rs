//! Sessions that may be resumed: whose they are, for how long, and that their peer is judged again.
//!
//! rustls asks a store for a session before it resumes one, and that is where the peer is judged: whom the judge refuses
//! by then is not resumed, and has a full handshake, which refuses with the reason and the alert. The store is of one
//! native configuration, and so of one revision.

mod client;
mod server;
mod shelf;

use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use pki_types::UnixTime;

use super::slot::{Verdict, note};
use crate::backend::Judge;
use crate::peer::PeerIdentity;

pub(super) use client::ClientSessions;
pub(super) use server::ServerSessions;

/// Sessions that a server keeps; the oldest make room. In TLS 1.3 a full handshake makes two.
pub(super) const MAX_SERVER_SESSIONS: usize = 1024;
/// Servers whose sessions a client keeps; those that it met longest ago make room.
pub(super) const MAX_SERVER_NAMES: usize = 256;
/// TLS 1.3 tickets that a client keeps of one server. Each serves once; of TLS 1.2 there is one session.
pub(super) const MAX_TICKETS_PER_SERVER: usize = 8;

/// A peer that proved its key in a full handshake, and when that was.
#[derive(Clone, Debug)]
pub(super) struct Proof {
    pub(super) peer: PeerIdentity,
    at: Instant,
    /// By the judge's clock.
    told: UnixTime,
}

impl Proof {
    pub(super) fn new(judge: &Judge, peer: PeerIdentity) -> Option<Self> {
        Some(Self {
            peer,
            at: Instant::now(),
            told: judge.now_unless_panicked()?,
        })
    }

    /// Whose the session is that the drive around this call makes. `None`, and nothing may be kept, where that is nobody
    /// who was judged, or not known.
    pub(super) fn in_drive(judge: &Arc<Judge>) -> Option<Arc<Self>> {
        let (known, verdict) = note(judge, |heard| {
            let peer = match &heard.verdict {
                Some(Ok(peer)) => Some(peer.clone()),
                _ => None,
            };
            (heard.proof.clone(), peer)
        })?;
        if known.is_some() {
            return known;
        }
        let proof = Arc::new(Self::new(judge, verdict?)?);
        note(judge, |heard| heard.proof = Some(Arc::clone(&proof)))?;
        Some(proof)
    }

    /// Whether it is older than `max_age`, by the monotonic clock.
    fn is_over(&self, max_age: Duration) -> bool {
        self.at.elapsed() >= max_age
    }

    /// Whether a session of it may be resumed in the drive around this call: it is young enough by both clocks, and the
    /// peer is admitted now as well. The drive is told who it is.
    fn holds(
        &self,
        judge: &Arc<Judge>,
        max_age: Duration,
        ask: impl FnOnce(&PeerIdentity) -> Verdict,
    ) -> bool {
        // In whole seconds, so up to one early or late: the monotonic clock is exact.
        let age = judge
            .now_unless_panicked()
            .and_then(|now| now.as_secs().checked_sub(self.told.as_secs()));
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
        note(judge, |heard| heard.proof = Some(proof)).is_some()
    }
}
