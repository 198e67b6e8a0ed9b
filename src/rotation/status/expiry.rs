//! Warnings before and after expiries.

use core::time::Duration;

use pki_types::UnixTime;

use crate::backend::{Event, ExpiringItem};
use crate::rotation::parts::Expiry;
use crate::rotation::revision::Revision;

/// Without set times, the earliest time of a warning: a root that lasts 20 years need not be
/// renewed in its 14th.
const EARLIEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// Closer to a threshold than this, the clock is checked each second.
const CLOSE: Duration = Duration::from_secs(3600);

/// What was reported about one item that expires.
#[derive(Clone, Debug, Default)]
struct WarningState {
    /// When it expires; a different time means a different item.
    until: Option<UnixTime>,
    /// The shortest of the set times for which a warning was given.
    below: Option<Duration>,
}

/// When to warn, and what was reported already.
#[derive(Debug)]
pub(crate) struct ExpiryWarnings {
    /// `None` for a quarter of each item's lifetime.
    before: Option<Vec<Duration>>,
    identity: WarningState,
    anchors: WarningState,
    lists: WarningState,
    is_close: bool,
}

impl ExpiryWarnings {
    pub(crate) fn new(before: Option<Vec<Duration>>) -> Self {
        Self {
            before,
            identity: WarningState::default(),
            anchors: WarningState::default(),
            lists: WarningState::default(),
            is_close: false,
        }
    }

    /// Returns when to check the clock again: it may be set, and machines sleep.
    pub(crate) fn next_look(&self) -> Duration {
        if self.is_close {
            Duration::from_secs(1)
        } else {
            Duration::from_secs(60)
        }
    }

    /// Warns the observer of what expires soon, once for each of the set times.
    pub(crate) fn report<C>(&mut self, revision: &Revision<C>) {
        let Some(now) = revision.verifier.now_unless_panicked() else {
            return;
        };
        let expiries = &revision.expiries;
        let before = self.before.as_deref();
        self.is_close = false;
        for (what, reported, expiry) in [
            (
                ExpiringItem::Identity,
                &mut self.identity,
                &expiries.identity,
            ),
            (
                ExpiringItem::TrustAnchor,
                &mut self.anchors,
                &expiries.anchors,
            ),
            (
                ExpiringItem::RevocationList,
                &mut self.lists,
                &expiries.lists,
            ),
        ] {
            let Some(expiry) = expiry else { continue };
            // Near a threshold, checks a minute apart are too far apart.
            self.is_close |= times(expiry, before).any(|before| {
                let at = expiry.until.as_secs().saturating_sub(before.as_secs());
                at.abs_diff(now.as_secs()) < CLOSE.as_secs()
            });
            if let Some(left) = reported.is_due(expiry, before, now) {
                revision.verifier.notify(&Event::Expiring {
                    what,
                    subject: &expiry.subject,
                    expires_at: expiry.until,
                    left,
                });
            }
        }
    }
}

impl WarningState {
    /// Returns how much time is left, if a warning is due.
    fn is_due(
        &mut self,
        expiry: &Expiry,
        before: Option<&[Duration]>,
        now: UnixTime,
    ) -> Option<Duration> {
        if self.until != Some(expiry.until) {
            *self = Self {
                until: Some(expiry.until),
                below: None,
            };
        }
        let (now, until) = (now.as_secs(), expiry.until.as_secs());
        let left = Duration::from_secs(until.saturating_sub(now));
        // The last second is still valid: nothing has expired before the next one.
        let reached = |before: &Duration| {
            if before.is_zero() {
                now > until
            } else {
                left <= *before
            }
        };
        let shortest = times(expiry, before).filter(reached).min()?;
        if self.below.is_some_and(|below| below <= shortest) {
            return None;
        }
        self.below = Some(shortest);
        Some(left)
    }
}

/// Returns the times before the expiry at which to warn.
fn times(expiry: &Expiry, before: Option<&[Duration]>) -> impl Iterator<Item = Duration> {
    let (asked, quarter) = match before {
        Some(before) => (before, None),
        None => (&[][..], Some(a_quarter(expiry))),
    };
    // The expiry itself is always reported.
    asked.iter().copied().chain(quarter).chain([Duration::ZERO])
}

fn a_quarter(expiry: &Expiry) -> Duration {
    let lasts = expiry.until.as_secs().saturating_sub(expiry.from.as_secs());
    Duration::from_secs(lasts / 4).min(EARLIEST)
}
