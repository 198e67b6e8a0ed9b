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

use super::session::Proof;
use crate::backend::{Judge, Request};
use crate::material::SignatureScheme;
use crate::peer::PeerIdentity;
use crate::policy::Rejection;

pub(super) type Verdict = Result<PeerIdentity, Rejection>;

/// What was heard of one connection.
#[derive(Default)]
pub(super) struct Heard {
    /// Of a full handshake.
    pub(super) verdict: Option<Verdict>,
    pub(super) request: Request,
    /// By which scheme the peer has signed the handshake.
    pub(super) signature: Option<SignatureScheme>,
    /// Whose the connection's sessions are: noted where one is about to be resumed, taken back by a
    /// full handshake, and made of its verdict when the first session is kept.
    pub(super) proof: Option<Arc<Proof>>,
}

/// Whose connection is driven, and what was heard of it.
struct Slot {
    judge: *const Judge,
    heard: Heard,
}

thread_local! {
    /// `None` while nobody listens.
    static SLOT: RefCell<Option<Slot>> = const { RefCell::new(None) };
}

/// Runs `drive` and gives what was `heard` for `judge` before and within it.
pub(super) fn with_slot<T>(
    judge: &Arc<Judge>,
    heard: Heard,
    drive: impl FnOnce() -> T,
) -> (T, Heard) {
    // Puts back on the way out, panics included, what a handshake around this one had.
    struct Outer(Option<Slot>);
    impl Drop for Outer {
        fn drop(&mut self) {
            SLOT.set(self.0.take());
        }
    }
    let _outer = Outer(SLOT.replace(Some(Slot {
        judge: Arc::as_ptr(judge),
        heard,
    })));
    let result = drive();
    (
        result,
        SLOT.take().map_or_else(Heard::default, |slot| slot.heard),
    )
}

/// Notes something for the drive around this call, or looks what was: `None` if it is not one by
/// `judge`. `write` must not call anything that may drive a connection.
pub(super) fn note<T>(judge: &Arc<Judge>, write: impl FnOnce(&mut Heard) -> T) -> Option<T> {
    SLOT.with_borrow_mut(|slot| {
        // The transport may drive a connection of its own, by another judge: TLS within TLS.
        let slot = slot
            .as_mut()
            .filter(|slot| slot.judge == Arc::as_ptr(judge));
        slot.map(|slot| write(&mut slot.heard))
    })
}
