//! Text form of points in time.

use der::DateTime;
use pki_types::UnixTime;

/// Formats a point in time by RFC 3339, to the second.
pub(crate) fn rfc3339(time: UnixTime) -> String {
    match DateTime::from_unix_duration(core::time::Duration::from_secs(time.as_secs())) {
        Ok(date) => date.to_string(),
        Err(_) => format!("{} s after 1970", time.as_secs()),
    }
}
