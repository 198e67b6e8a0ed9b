//! Waiting for a source that has nothing yet when a client or server is built.

use core::time::Duration;
use std::time::Instant;

use crate::policy::BuildError;
use crate::rotation::{FIRST_RETRY, ReloadTrigger, RotationSettings, SHORTEST_PAUSE};

/// Polls until it succeeds, for as long as the settings allow, and returns the last error then.
///
/// Between two polls it waits for the trigger, at most as long as the poller would after a failure.
pub(super) fn first_of<T>(
    mut poll: impl FnMut() -> Result<T, BuildError>,
    trigger: &ReloadTrigger,
    settings: &RotationSettings,
) -> Result<T, BuildError> {
    let started = Instant::now();
    let at_most = settings.wait_for_first.unwrap_or(Duration::ZERO);
    let mut retry = FIRST_RETRY;
    loop {
        let error = match poll() {
            Ok(first) => return Ok(first),
            Err(error) => error,
        };
        let left = || at_most.saturating_sub(started.elapsed());
        // The last poll is at the end of the time.
        if left().is_zero() {
            return Err(error);
        }
        trigger.wait(retry.min(settings.poll_interval).min(left()));
        // A source that triggers all the time is not polled all the time.
        trigger.rest(SHORTEST_PAUSE.min(left()));
        retry = retry.saturating_mul(2).min(settings.poll_interval);
    }
}
