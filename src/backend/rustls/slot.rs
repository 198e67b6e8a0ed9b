//! What a drive of a connection brings out of rustls, and into it.
//!
//! rustls' errors have no room for a whole [`Rejection`], and none at all for a peer that is
//! admitted or for what a server asks of us. rustls calls us on the thread that drives the
//! connection, so a slot of that thread brings it out: [`with_slot`] around each drive. Without a
//! slot (somebody else drives our native config) the verdict reaches the observer only.
//!
//! rustls' session stores are not told whose session they are given either, and the verdict may
//! have come in an earlier drive: so what was heard of a connection so far is laid into the slot
//! again.

use core::cell::RefCell;
use std::sync::Arc;

use super::session::verified_session::VerifiedSession;
use crate::backend::{CertificateRequest, SessionVerifier};
use crate::material::SignatureScheme;
use crate::peer::PeerIdentity;
use crate::policy::Rejection;

pub(super) type Verdict = Result<PeerIdentity, Rejection>;

/// What was heard of one connection.
#[derive(Default)]
pub(super) struct HandshakeRecord {
    /// Of a full handshake.
    pub(super) verdict: Option<Verdict>,
    pub(super) request: CertificateRequest,
    /// By which scheme the peer has signed the handshake.
    pub(super) signature: Option<SignatureScheme>,
    /// Whose the connection's sessions are: noted where one is about to be resumed, taken back by a
    /// full handshake, and made of its verdict when the first session is kept.
    pub(super) proof: Option<Arc<VerifiedSession>>,
}

/// Whose connection is driven, and what was heard of it.
struct Slot {
    verifier: *const SessionVerifier,
    heard: HandshakeRecord,
}

thread_local! {
    /// `None` while nobody listens.
    static SLOT: RefCell<Option<Slot>> = const { RefCell::new(None) };
}

/// Runs `drive` and gives what was `heard` for `judge` before and within it.
pub(super) fn with_slot<T>(
    verifier: &Arc<SessionVerifier>,
    heard: HandshakeRecord,
    drive: impl FnOnce() -> T,
) -> (T, HandshakeRecord) {
    // Puts back on the way out, panics included, what a handshake around this one had.
    struct SlotGuard(Option<Slot>);
    impl Drop for SlotGuard {
        fn drop(&mut self) {
            SLOT.set(self.0.take());
        }
    }
    let _outer = SlotGuard(SLOT.replace(Some(Slot {
        verifier: Arc::as_ptr(verifier),
        heard,
    })));
    let result = drive();
    (
        result,
        SLOT.take()
            .map_or_else(HandshakeRecord::default, |slot| slot.heard),
    )
}

/// Notes something for the drive around this call, or looks what was: `None` if it is not one by
/// `judge`. `write` must not call anything that may drive a connection.
pub(super) fn note<T>(
    verifier: &Arc<SessionVerifier>,
    write: impl FnOnce(&mut HandshakeRecord) -> T,
) -> Option<T> {
    SLOT.with_borrow_mut(|slot| {
        // The transport may drive a connection of its own, by another judge: TLS within TLS.
        let slot = slot
            .as_mut()
            .filter(|slot| slot.verifier == Arc::as_ptr(verifier));
        slot.map(|slot| write(&mut slot.heard))
    })
}
