//! What a revision is checked for before it is published, beyond what building it checks.

use pki_types::UnixTime;

use super::parts::RevisionParts;
use super::revision::{BackendConfig, Revision};
use super::settings::SelfTrust;
use crate::backend::SessionVerifier;
use crate::error::{BuildError, UnusableTrustAnchor};
use crate::policy::rfc3339;

/// That the parts which have changed are good at this moment. What was good and has grown old
/// meanwhile is not asked: it serves already, and must not keep the rest from being replaced.
pub(super) fn check_next<C>(
    next: &RevisionParts,
    made: &BackendConfig<C>,
    previous: &Revision<C>,
    now: UnixTime,
) -> Result<(), BuildError> {
    if !previous.parts.identity.is_same_as(&next.identity) {
        check_identity(next, now)?;
    }
    made.verifier.check_lists_follow(&previous.verifier, now)
}

/// The trust anchors that cannot vouch for peers, where trust or policy is new; an error where no
/// other is left. Anchors that serve already are not asked about the time.
pub(super) fn check_anchors(
    next: (&RevisionParts, &SessionVerifier),
    previous: Option<&RevisionParts>,
    now: Option<UnixTime>,
) -> Result<Vec<UnusableTrustAnchor>, BuildError> {
    let (parts, verifier) = next;
    let is_same =
        |part: fn(&RevisionParts, &RevisionParts) -> bool| previous.is_some_and(|p| part(p, parts));
    let is_same_trust = is_same(|a, b| a.trust == b.trust);
    if is_same_trust && is_same(|a, b| a.policy == b.policy) {
        return Ok(Vec::new());
    }
    let now = now.filter(|_| !is_same_trust);
    match now {
        Some(now) if parts.anchors_are_over(now) => {
            Err(BuildError::TrustAnchorsExpired { now: rfc3339(now) })
        }
        _ => verifier.unusable_trust_anchors(now),
    }
}

/// That our own anchors vouch for our own identity, where they have to, or did before. An identity
/// that is not valid now, since it has expired or the clock was set, is asked about in the nearest
/// second in which it is: by whom it was issued has not changed, and whether it may be new is asked
/// above.
///
/// Lists, and a policy that does not end it by itself, have to get through whatever has grown old.
pub(super) fn check_self_trust(
    next: (&RevisionParts, &SessionVerifier),
    previous: Option<(&RevisionParts, &SessionVerifier)>,
    self_trust: SelfTrust,
    now: UnixTime,
) -> Result<(), BuildError> {
    let vouches = |(parts, verifier): (&RevisionParts, &SessionVerifier)| {
        verifier.verify_own_chain(parts.identity_valid_near(now))
    };
    let is_same = |part: fn(&RevisionParts, &RevisionParts) -> bool| {
        previous.is_some_and(|(previous, _)| part(previous, next.0))
    };
    // What of the policy bears on paths is not told from the rest of it.
    let is_of_others = is_same(|a, b| a.trust == b.trust && a.identity.is_same_as(&b.identity));
    if self_trust == SelfTrust::Skip || is_of_others && is_same(|a, b| a.policy == b.policy) {
        return Ok(());
    }
    let Err(rejection) = vouches(next) else {
        return Ok(());
    };
    let is_to_be_kept = || previous.is_some_and(|previous| vouches(previous).is_ok());
    let is_asked = match self_trust {
        SelfTrust::Preserve => is_to_be_kept(),
        SelfTrust::Require => !is_of_others || is_to_be_kept(),
        SelfTrust::Skip => false,
    };
    match is_asked {
        true => Err(BuildError::OwnChainRejected {
            problem: rejection.to_string(),
        }),
        false => Ok(()),
    }
}

fn check_identity(next: &RevisionParts, now: UnixTime) -> Result<(), BuildError> {
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
