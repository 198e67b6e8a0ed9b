//! What a revision is checked for before it is published, beyond what building it checks.

use pki_types::UnixTime;

use super::parts::Parts;
use super::revision::{Made, Revision};
use super::settings::SelfTrust;
use crate::error::BuildError;
use crate::policy::rfc3339;

/// That the parts which have changed are good at this moment. What was good and has grown old meanwhile is not asked: it
/// serves already, and must not keep the rest from being replaced.
pub(super) fn check_next<C>(
    next: &Parts,
    made: &Made<C>,
    previous: &Revision<C>,
    now: UnixTime,
) -> Result<(), BuildError> {
    if !previous.parts.has_identity(&next.identity) {
        check_identity(next, now)?;
    }
    if next.trust != previous.parts.trust && next.anchors_are_over(now) {
        return Err(BuildError::AnchorsNotValid { now: rfc3339(now) });
    }
    made.judge.check_lists_follow(&previous.judge, now)
}

/// Whether our own anchors vouch for our own identity, which is an error where they have to, or did before. One that is
/// not valid now, since it has expired or the clock was set, is asked about in the nearest second in which it is: by whom
/// it was issued has not changed, and whether it may be new is asked above.
pub(super) fn check_self_trust<C>(
    parts: &Parts,
    made: &Made<C>,
    was_vouched_for: bool,
    self_trust: SelfTrust,
    now: UnixTime,
) -> Result<bool, BuildError> {
    let is_asked = match self_trust {
        SelfTrust::Kept => was_vouched_for,
        SelfTrust::Required => true,
        SelfTrust::Unchecked => return Ok(false),
    };
    let then = parts
        .identity_validity()
        .fold(now, |then, (_, _, from, until)| then.max(from).min(until));
    match made.judge.vouches_for_us(then) {
        Ok(()) => Ok(true),
        Err(rejection) if is_asked => Err(BuildError::IdentityNotVouchedFor {
            problem: rejection.to_string(),
        }),
        Err(_) => Ok(false),
    }
}

fn check_identity(next: &Parts, now: UnixTime) -> Result<(), BuildError> {
    let overdue = next.identity_validity().find(|validity| {
        let (_, _, from, until) = validity;
        now < *from || now > *until
    });
    match overdue {
        None => Ok(()),
        Some((index, subject, from, until)) => Err(BuildError::IdentityNotValid {
            index,
            subject,
            problem: match now < from {
                true => format!("it is valid from {}", rfc3339(from)),
                false => format!("it expired at {}", rfc3339(until)),
            },
            now: rfc3339(now),
        }),
    }
}
