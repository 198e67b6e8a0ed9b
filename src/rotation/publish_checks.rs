//! The checks before a revision is published, in addition to those of building it.

use pki_types::UnixTime;

use super::error::RotationError;
use super::parts::RevisionParts;
use super::revision::{BackendConfig, Revision};
use super::settings::SelfTrust;
use crate::backend::SessionVerifier;
use crate::error::UnusableTrustAnchor;
use crate::material::IdentityWarning;
use crate::policy::BuildError;

/// Checks that the parts that changed are valid now. A part that serves already is not checked,
/// even if it has expired since: it must not prevent the replacement of the other parts.
pub(super) fn check_next<C>(
    next: &RevisionParts,
    made: &BackendConfig<C>,
    previous: &Revision<C>,
    now: UnixTime,
) -> Result<(), RotationError> {
    if !previous.parts.identity.is_same_as(&next.identity) {
        check_identity(next, now)?;
    }
    made.verifier.check_lists_follow(&previous.verifier, now)?;
    Ok(())
}

/// Returns the trust anchors that cannot prove peers, if trust or policy is new.
///
/// It is an error if no usable one is left. The dates of anchors that serve already are not
/// checked.
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
    let outside = now.and_then(|now| {
        let anchors = parts.anchors_outside_validity(verifier.time(now))?;
        Some(BuildError::TrustAnchorsExpired { at: now, anchors })
    });
    match outside {
        Some(error) => Err(error),
        None => verifier.unusable_trust_anchors(now),
    }
}

/// Checks that our own anchors prove our own identity, if they must, or did before.
///
/// An identity that is not valid now, because it has expired or the clock was set, is verified at
/// the nearest second at which it is. Its issuer has not changed, and its dates were checked
/// before.
///
/// If trust and identity are unchanged and no longer fit because something has expired, new lists
/// or a new policy are still published.
pub(super) fn check_self_trust(
    next: (&RevisionParts, &SessionVerifier),
    previous: Option<(&RevisionParts, &SessionVerifier)>,
    self_trust: SelfTrust,
    now: UnixTime,
) -> Result<(), BuildError> {
    let proves_own = |(parts, verifier): (&RevisionParts, &SessionVerifier)| {
        verifier.verify_own_chain(parts.identity_valid_near(now))
    };
    let is_same = |part: fn(&RevisionParts, &RevisionParts) -> bool| {
        previous.is_some_and(|(previous, _)| part(previous, next.0))
    };
    // Which rules of a policy affect paths is not distinguished from the other rules.
    let is_of_others = is_same(|a, b| a.trust == b.trust && a.identity.is_same_as(&b.identity));
    if self_trust == SelfTrust::Skip || is_of_others && is_same(|a, b| a.policy == b.policy) {
        return Ok(());
    }
    let Err(rejection) = proves_own(next) else {
        return Ok(());
    };
    let is_to_be_kept = || previous.is_some_and(|previous| proves_own(previous).is_ok());
    let is_asked = match self_trust {
        SelfTrust::Preserve => is_to_be_kept(),
        SelfTrust::Require => !is_of_others || is_to_be_kept(),
        SelfTrust::Skip => false,
    };
    if is_asked {
        let rejection = rejection.with_hint(BuildError::OWN_CHAIN_HINT);
        Err(BuildError::OwnChainRejected(rejection))
    } else {
        Ok(())
    }
}

fn check_identity(next: &RevisionParts, at: UnixTime) -> Result<(), RotationError> {
    match next.outside_validity(at) {
        Some(IdentityWarning::OutsideValidity {
            index,
            subject,
            not_before,
            not_after,
            at,
        }) => Err(RotationError::IdentityNotValid {
            index,
            subject,
            not_before,
            not_after,
            at,
        }),
        _ => Ok(()),
    }
}
