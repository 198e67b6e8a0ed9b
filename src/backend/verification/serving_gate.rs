use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use pki_types::UnixTime;

use crate::policy::{Rejection, RejectionReason, rfc3339};

/// Whether we may do handshakes at all: what the owner chose for the day on which our own certificate has run out, or
/// nothing is heard any more from where material comes from. One decision for every way into a handshake.
#[derive(Clone, Debug)]
pub(crate) struct ServingGate {
    /// The end of our own chain, where nobody is to be served after it.
    pub(crate) until: Option<UnixTime>,
    pub(crate) source: Arc<SourceDeadline>,
}

/// When the last word of a source is too old. Measured by a clock that does not jump, and shared by all revisions.
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

    /// The source has been heard: it may be silent for so long from now on.
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
        match self.source.is_over() {
            true => {
                not_serving("the source of our material has been silent for too long".to_owned())
            }
            false => Ok(()),
        }
    }
}
