use std::fmt;

use mtls::pki_types::UnixTime;

use crate::output::{Finding, Severity, Time};

const DAY: u64 = 86_400;
/// The days before its end in which a certificate should be replaced.
const SOON_DAYS: u64 = 30;

/// Where a moment is in a validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expiry {
    Expired { days: u64 },
    NotYetValid { days: u64 },
    Soon { days: u64 },
    Valid { days: u64 },
}

impl Expiry {
    /// The last 30 days are soon, or the last third of a lifetime where that is shorter.
    pub(crate) fn of(not_before: UnixTime, not_after: UnixTime, at: UnixTime) -> Self {
        let (begin, end, at) = (not_before.as_secs(), not_after.as_secs(), at.as_secs());
        if at < begin {
            return Self::NotYetValid {
                days: days(begin.saturating_sub(at)),
            };
        }
        if at > end {
            return Self::Expired {
                days: days(at.saturating_sub(end)),
            };
        }
        let left = end.saturating_sub(at);
        let third = end.saturating_sub(begin).checked_div(3).unwrap_or_default();
        let soon = SOON_DAYS.saturating_mul(DAY).min(third);
        let days = days(left);
        if left < soon {
            Self::Soon { days }
        } else {
            Self::Valid { days }
        }
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { days } => write!(f, "expired {} ago", in_days(*days)),
            Self::NotYetValid { days } => write!(f, "not yet valid, in {}", in_days(*days)),
            Self::Soon { days } | Self::Valid { days } => write!(f, "{} left", in_days(*days)),
        }
    }
}

/// Returns the whole days until the last second, negative after it.
pub(crate) fn days_left(not_after: UnixTime, at: UnixTime) -> i64 {
    let days = |seconds: u64| i64::try_from(days(seconds)).unwrap_or(i64::MAX);
    let (end, at) = (not_after.as_secs(), at.as_secs());
    if at > end {
        // A part of a day counts: zero would look valid.
        days(at.saturating_sub(end))
            .saturating_neg()
            .saturating_sub(1)
    } else {
        days(end.saturating_sub(at))
    }
}

/// Returns what is wrong with the dates of something, such as "the certificate CN=x".
pub(crate) fn date_finding(
    what: &str,
    not_before: UnixTime,
    not_after: UnixTime,
    at: UnixTime,
) -> Option<Finding> {
    let expiry = Expiry::of(not_before, not_after, at);
    Some(match expiry {
        Expiry::Valid { .. } => return None,
        Expiry::Expired { .. } => {
            Finding::fault("expired", format!("{what} expired at {}", Time(not_after)))
                .hint("have it issued anew; if it looks valid, compare the clock: `date -u`")
        }
        Expiry::NotYetValid { .. } => Finding::fault(
            "not_yet_valid",
            format!("{what} is valid from {}", Time(not_before)),
        )
        .hint("wait until then; if it looks valid, compare the clock: `date -u`"),
        Expiry::Soon { .. } => Finding::new(
            Severity::Warning,
            "expires_soon",
            format!("{what} expires at {} ({expiry})", Time(not_after)),
        )
        .hint("have it issued anew before that"),
    })
}

fn days(seconds: u64) -> u64 {
    seconds.checked_div(DAY).unwrap_or_default()
}

fn in_days(days: u64) -> String {
    match days {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn day(day: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(day * DAY))
    }

    #[test]
    fn soon_is_thirty_days_or_a_third_of_the_lifetime() {
        let of = |end: u64, at| Expiry::of(day(100), day(100 + end), day(at));
        assert_eq!(of(365, 434), Expiry::Valid { days: 31 });
        assert_eq!(of(365, 436), Expiry::Soon { days: 29 });
        assert_eq!(of(9, 106), Expiry::Valid { days: 3 });
        assert_eq!(of(9, 107), Expiry::Soon { days: 2 });
        assert_eq!(of(9, 99), Expiry::NotYetValid { days: 1 });
        assert_eq!(of(9, 110), Expiry::Expired { days: 1 });
    }

    #[test]
    fn what_has_expired_has_no_days_left() {
        let end = day(2);
        assert_eq!(days_left(end, day(1)), 1);
        assert_eq!(days_left(end, end), 0);
        let after = UnixTime::since_unix_epoch(Duration::from_secs(2 * DAY + 1));
        assert_eq!(days_left(end, after), -1);
    }
}
