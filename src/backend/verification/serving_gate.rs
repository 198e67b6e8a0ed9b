use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use pki_types::UnixTime;

use crate::policy::{Rejection, RejectionReason, rfc3339};

/// Whether handshakes are served at all: one check for every kind of handshake.
///
/// The caller chose to stop when our own certificate expires, or when the source fails for too
/// long.
#[derive(Clone, Debug)]
pub(crate) struct ServingGate {
    /// The end of our own chain's validity, if serving ends with it.
    pub(crate) until: Option<UnixTime>,
    pub(crate) source: Arc<SourceDeadline>,
}

/// What the source's last responses allow, shared by all revisions.
///
/// The deadline of the last response runs by a clock that does not jump.
#[derive(Debug)]
pub(crate) struct SourceDeadline {
    since: Instant,
    /// Milliseconds after `since`.
    at: AtomicU64,
    /// Whether the last response but failures was that our identity is withdrawn.
    is_withdrawn: AtomicBool,
    pub(crate) rejects_withdrawn: bool,
}

/// No deadline.
const NEVER: u64 = u64::MAX;

impl SourceDeadline {
    pub(crate) fn none() -> Self {
        Self {
            since: Instant::now(),
            at: AtomicU64::new(NEVER),
            is_withdrawn: AtomicBool::new(false),
            rejects_withdrawn: true,
        }
    }

    /// Restarts the deadline: the source responded, and may be silent for this long from now.
    pub(crate) fn extend(&self, silence: Duration) {
        let at = self.since.elapsed().saturating_add(silence).as_millis();
        let at = u64::try_from(at).unwrap_or(NEVER);
        self.at.store(at, Ordering::Release);
    }

    /// Records that the source has withdrawn our identity, or that it has given one again.
    pub(crate) fn withdraw(&self, is_withdrawn: bool) {
        self.is_withdrawn.store(is_withdrawn, Ordering::Release);
    }

    pub(crate) fn is_withdrawn(&self) -> bool {
        self.is_withdrawn.load(Ordering::Acquire)
    }

    fn is_over(&self) -> bool {
        match self.at.load(Ordering::Acquire) {
            NEVER => false,
            at => self.since.elapsed().as_millis() > u128::from(at),
        }
    }
}

impl ServingGate {
    pub(crate) fn check(&self, now: UnixTime) -> Result<(), Rejection> {
        let not_serving = |presented: String| {
            Err(Rejection::new(RejectionReason::NotServing).with_presented(presented))
        };
        match self.until {
            Some(until) if now > until => {
                return not_serving(format!("our own chain expired at {}", rfc3339(until)));
            }
            _ => {}
        }
        if self.source.rejects_withdrawn && self.source.is_withdrawn() {
            not_serving("the source has withdrawn our identity".to_owned())
        } else if self.source.is_over() {
            not_serving("the source of our material has been silent for too long".to_owned())
        } else {
            Ok(())
        }
    }
}
