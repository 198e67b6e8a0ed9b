use std::time::{Duration, SystemTime};

/// The first and the last moment at which a certificate is valid; both count.
///
/// Certificates have whole seconds: what is less is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// `notBefore`.
    pub not_before: SystemTime,
    /// `notAfter`.
    pub not_after: SystemTime,
}

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

impl Validity {
    /// Creates a validity from two moments.
    pub fn between(not_before: SystemTime, not_after: SystemTime) -> Self {
        Self {
            not_before,
            not_after,
        }
    }

    /// Creates a validity from two moments in seconds since 1970, which may be before it.
    ///
    /// # Panics
    ///
    /// If the system has no such time.
    pub fn between_unix(not_before: i64, not_after: i64) -> Self {
        Self::between(from_unix(not_before), from_unix(not_after))
    }

    /// From an hour ago, for clocks that differ, for thirty days. The default of each builder.
    pub fn current() -> Self {
        let now = SystemTime::now();
        Self::between(now - HOUR, now + 30 * DAY)
    }

    /// Over since yesterday.
    pub fn expired() -> Self {
        let now = SystemTime::now();
        Self::between(now - 30 * DAY, now - DAY)
    }

    /// Begins tomorrow.
    pub fn not_yet() -> Self {
        let now = SystemTime::now();
        Self::between(now + DAY, now + 30 * DAY)
    }
}

fn from_unix(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        SystemTime::UNIX_EPOCH - distance
    } else {
        SystemTime::UNIX_EPOCH + distance
    }
}
