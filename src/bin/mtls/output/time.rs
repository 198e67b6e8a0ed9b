use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use mtls::pki_types::UnixTime;
use serde::{Serialize, Serializer};

/// A moment, written and read as RFC 3339 in UTC (`2026-01-31T12:00:00Z`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time(pub(crate) UnixTime);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// The last second of the year 9999, the latest that RFC 3339 can write.
        const LAST: u64 = 253_402_300_799;
        let seconds = Duration::from_secs(self.0.as_secs().min(LAST));
        let time = SystemTime::UNIX_EPOCH.checked_add(seconds);
        let time = time.unwrap_or(SystemTime::UNIX_EPOCH);
        write!(f, "{}", humantime::format_rfc3339_seconds(time))
    }
}

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = humantime::parse_rfc3339_weak(text)
            .map_err(|_| "write it as 2026-01-31T12:00:00Z".to_owned())?;
        let since = time.duration_since(SystemTime::UNIX_EPOCH);
        let since = since.map_err(|_| "it is before 1970".to_owned())?;
        Ok(Self(UnixTime::since_unix_epoch(since)))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
