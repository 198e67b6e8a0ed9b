use core::time::Duration;
use std::time::Instant;

use crate::rotation::source::SourceError;
use crate::rotation::source::reload_trigger::{ReloadTrigger, WakeReason};

/// Waits, and returns an error if the client or server is gone. A trigger during the wait changes
/// nothing: the next reading sees what it announced.
pub(super) fn pause(time: Duration, reload: &ReloadTrigger) -> Result<(), SourceError> {
    let started = Instant::now();
    loop {
        let left = time.saturating_sub(started.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        if reload.wait(left) == WakeReason::Over {
            return Err("the poller has stopped".into());
        }
    }
}
