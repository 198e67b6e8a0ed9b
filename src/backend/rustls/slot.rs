//! Passes data between us and a connection, which rustls' own types cannot hold.
//!
//! rustls' errors cannot hold a whole [`Rejection`], an accepted peer or a server's request. rustls
//! calls us on the thread that drives the connection, so a slot of that thread holds them:
//! [`with_slot`] around each drive. Without a slot (other code drives our native configuration)
//! only the observer receives the verdict.
//!
//! rustls' session stores do not receive the connection of a session either, and the verdict may
//! come from an earlier drive. So each drive starts with the record of the one before.

use core::cell::RefCell;
use std::sync::{Arc, Weak};

use super::session::verified_session::VerifiedSession;
use crate::backend::{CertificateRequest, Finding, SessionVerifier};
use crate::material::SignatureScheme;
use crate::peer::PeerIdentity;
use crate::policy::Rejection;

pub(super) type Verdict = Result<PeerIdentity, Rejection>;

/// What the drives of one connection have recorded.
#[derive(Default)]
pub(super) struct HandshakeRecord {
    /// The verdict of a full handshake.
    pub(super) verdict: Option<Verdict>,
    pub(super) request: CertificateRequest,
    /// The scheme of the peer's handshake signature.
    pub(super) signature: Option<SignatureScheme>,
    /// The verified peer of the connection's sessions.
    ///
    /// It is set before a session is resumed, removed by a full handshake, and made from its
    /// verdict when the first session is stored.
    pub(super) proof: Option<Arc<VerifiedSession>>,
}

/// The connection that is driven, by its verifier, and its record.
struct Slot {
    verifier: *const SessionVerifier,
    record: HandshakeRecord,
}

thread_local! {
    /// `None` outside of a drive.
    static SLOT: RefCell<Option<Slot>> = const { RefCell::new(None) };
    /// The accepted peer that has yet to prove its key, and its verifier.
    ///
    /// Held weakly, the verifier of an ended revision leaves its address to no other.
    static UNPROVED: RefCell<Option<(Weak<SessionVerifier>, Finding)>> =
        const { RefCell::new(None) };
}

/// Keeps what was found out about a peer until it has proved its key, which comes right after its
/// certificate.
///
/// A handshake that another thread continues between the two is not remembered; the next one may
/// be.
pub(super) fn await_proof(verifier: &Arc<SessionVerifier>, finding: Option<Finding>) {
    UNPROVED.set(finding.map(|finding| (Arc::downgrade(verifier), finding)));
}

/// Returns what was found out about the peer of this verifier and with this leaf.
pub(super) fn proved(verifier: &Arc<SessionVerifier>, leaf: &[u8]) -> Option<Finding> {
    let (found_by, finding) = UNPROVED.take()?;
    let is_same = found_by.as_ptr() == Arc::as_ptr(verifier) && finding.peer().leaf() == leaf;
    is_same.then_some(finding)
}

/// Runs `drive`, and returns its result and the record, which starts as `record`.
pub(super) fn with_slot<T>(
    verifier: &Arc<SessionVerifier>,
    record: HandshakeRecord,
    drive: impl FnOnce() -> T,
) -> (T, HandshakeRecord) {
    // Restores the slot of a handshake around this one, also after a panic.
    struct SlotGuard(Option<Slot>);
    impl Drop for SlotGuard {
        fn drop(&mut self) {
            SLOT.set(self.0.take());
        }
    }
    let _outer = SlotGuard(SLOT.replace(Some(Slot {
        verifier: Arc::as_ptr(verifier),
        record,
    })));
    let result = drive();
    (
        result,
        SLOT.take()
            .map_or_else(HandshakeRecord::default, |slot| slot.record),
    )
}

/// Whether our own code drives the connection around this call.
pub(super) fn has_slot(verifier: &Arc<SessionVerifier>) -> bool {
    note(verifier, |_| ()).is_some()
}

/// Reads or changes the record of the drive around this call.
///
/// Returns `None` if there is none with this verifier. `write` must not call anything that may
/// drive a connection.
pub(super) fn note<T>(
    verifier: &Arc<SessionVerifier>,
    write: impl FnOnce(&mut HandshakeRecord) -> T,
) -> Option<T> {
    SLOT.with_borrow_mut(|slot| {
        // The transport may drive a connection of its own, with another verifier: TLS within TLS.
        let slot = slot
            .as_mut()
            .filter(|slot| slot.verifier == Arc::as_ptr(verifier));
        slot.map(|slot| write(&mut slot.record))
    })
}
