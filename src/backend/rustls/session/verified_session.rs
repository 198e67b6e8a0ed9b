use core::time::Duration;
use std::time::Instant;

use pki_types::UnixTime;

use crate::backend::SessionVerifier;
use crate::peer::PeerIdentity;

/// The most sessions of a server; the oldest are removed. In TLS 1.3 a full handshake makes two.
pub(in crate::backend::rustls) const MAX_SERVER_SESSIONS: usize = 1024;
/// The most servers whose sessions a client keeps; those stored longest ago are removed.
pub(in crate::backend::rustls) const MAX_SERVER_NAMES: usize = 256;
/// The most TLS 1.3 tickets of one server. Each serves once; of TLS 1.2 there is one session.
pub(in crate::backend::rustls) const MAX_TICKETS_PER_SERVER: usize = 8;

/// A peer that proved its key in a full handshake, and the time of that.
#[derive(Clone, Debug)]
pub(in crate::backend::rustls) struct VerifiedSession {
    pub(in crate::backend::rustls) peer: PeerIdentity,
    pub(super) at: Instant,
    /// By the verifier's clock.
    pub(super) verified_at: UnixTime,
}

impl VerifiedSession {
    pub(in crate::backend::rustls) fn new(
        verifier: &SessionVerifier,
        peer: PeerIdentity,
    ) -> Option<Self> {
        Some(Self {
            peer,
            at: Instant::now(),
            verified_at: verifier.now_unless_panicked()?,
        })
    }

    /// Whether it is older than `max_age`, by the monotonic clock.
    pub(super) fn is_over(&self, max_age: Duration) -> bool {
        self.at.elapsed() >= max_age
    }
}
