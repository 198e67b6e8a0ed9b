//! What a drive of a connection brings out of rustls.
//!
//! rustls' errors have no room for a whole [`Rejection`], and none at all for a peer that is admitted or for what a
//! server asks of us. rustls calls us on the thread that drives the connection, so a slot of that thread brings it
//! out: [`with_slot`] around each drive. Without a slot (somebody else drives our native config) the verdict reaches the
//! observer only.

use core::cell::RefCell;
use std::sync::Arc;

use crate::backend::{Judge, Request};
use crate::peer::PeerIdentity;
use crate::policy::Rejection;

pub(super) type Verdict = Result<PeerIdentity, Rejection>;

/// What was heard within one drive.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) verdict: Option<Verdict>,
    pub(super) request: Option<Request>,
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

/// Runs `drive` and gives what was noted for `judge` within it.
pub(super) fn with_slot<T>(judge: &Arc<Judge>, drive: impl FnOnce() -> T) -> (T, Heard) {
    // Puts back on the way out, panics included, what a handshake around this one had.
    struct Outer(Option<Slot>);
    impl Drop for Outer {
        fn drop(&mut self) {
            SLOT.set(self.0.take());
        }
    }
    let _outer = Outer(SLOT.replace(Some(Slot {
        judge: Arc::as_ptr(judge),
        heard: Heard::default(),
    })));
    let result = drive();
    (
        result,
        SLOT.take().map_or_else(Heard::default, |slot| slot.heard),
    )
}

/// Notes something for the drive around this call, if it is one by `judge`.
pub(super) fn note(judge: &Arc<Judge>, write: impl FnOnce(&mut Heard)) {
    SLOT.with_borrow_mut(|slot| {
        // The transport may drive a connection of its own, by another judge: TLS within TLS.
        let slot = slot
            .as_mut()
            .filter(|slot| slot.judge == Arc::as_ptr(judge));
        if let Some(slot) = slot {
            write(&mut slot.heard);
        }
    });
}
