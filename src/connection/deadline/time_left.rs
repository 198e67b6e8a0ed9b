use core::time::Duration;
use std::io;
use std::time::Instant;

/// Returns the time until the deadline, which is never zero, or an error.
pub(super) fn time_left(until: Instant) -> io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(left)
}
