use core::sync::atomic::{AtomicU64, Ordering};
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

/// The deadline of the source's last response, shared by all revisions.
///
/// It runs by a clock that does not jump.
#[derive(Debug)]
pub(crate) struct SourceDeadline {
    since: Instant,
    /// Milliseconds after `since`.
    at: AtomicU64,
}

/// No deadline.
const NEVER: u64 = u64::MAX;

impl SourceDeadline {
    pub(crate) fn none() -> Self {
        Self {
            since: Instant::now(),
            at: AtomicU64::new(NEVER),
        }
    }

    /// Restarts the deadline: the source responded, and may be silent for this long from now.
    pub(crate) fn extend(&self, silence: Duration) {
        let at = self.since.elapsed().saturating_add(silence).as_millis();
        let at = u64::try_from(at).unwrap_or(NEVER);
        self.at.store(at, Ordering::Release);
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
        if self.source.is_over() {
            not_serving("the source of our material has been silent for too long".to_owned())
        } else {
            Ok(())
        }
    }
}
