//! Checks that the lists of a rotation can replace those in force.
//!
//! A rotation must not lose protection that worked. An older list would accept certificates that a
//! later one revokes. A missing or stale list, or one that the issuer did not sign, would reject
//! every peer, or accept revoked ones where unknown status is allowed.
//!
//! Only lists with a verified signature count. The signer is an anchor, or a CA of a path that was
//! verified since. So a list that never had any effect can be replaced by any list that repairs it.
//!
//! The clock does not decide which list is older: after it was set back, no list would count. It
//! decides only whether the next list must be current.

use super::list_version::{ListVersion, remember};
use super::lists::List;
use super::regression::{ListReplacementProblem, RevocationListRegression};
use super::state::Revocation;
use crate::material::RevocationList;
use crate::policy::revocation_rules::{StaleLists, UnknownStatus};
use crate::policy::signature::SignatureAlgorithms;
use crate::policy::trust::TrustSets;
use crate::policy::verification::VerificationTime;
use crate::x509::{PublicKey, rfc4514};

/// Revocation lists, and the anchors configured with them.
#[derive(Clone, Copy)]
pub(in crate::policy) struct ContinuityState<'a> {
    pub(in crate::policy) revocation: &'a Revocation,
    pub(in crate::policy) trust: &'a TrustSets,
}

/// What must replace a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Requirement {
    /// No list, or one that is not older.
    NotOlder,
    Present,
    Current,
}

/// Rejects `next` if a list of `before` is missing or replaced by an older one.
///
/// The versions of lists without a replacement are stored in `next`.
pub(in crate::policy) fn check(
    before: ContinuityState<'_>,
    next: ContinuityState<'_>,
    algorithms: &SignatureAlgorithms,
    time: VerificationTime,
) -> Result<(), RevocationListRegression> {
    let mut retired = Vec::new();
    for version in before.revocation.retired.get().into_iter().flatten() {
        if !follow(version, Requirement::NotOlder, next, algorithms, time)? {
            remember(&mut retired, version.clone());
        }
    }
    for list in before.revocation.lists.all() {
        let Some(version) = ListVersion::of(list) else {
            continue;
        };
        let requirement = if version.is_proved(next.trust) {
            requirement(list.content(), before.revocation, next.revocation, time)
        } else {
            Requirement::NotOlder
        };
        if !follow(&version, requirement, next, algorithms, time)? {
            remember(&mut retired, version);
        }
    }
    // Set once for each revision, when it is built.
    let _ = next.revocation.retired.set(retired.into());
    Ok(())
}

/// Returns what must replace a list.
///
/// A current list proves certificates good, and so does a stale one where the rules allow it. Any
/// other list still revokes what it lists. Without it, these certificates have an unknown status,
/// so the list is required only where that status is accepted. Thus the last list of a retired CA
/// can be removed in time.
fn requirement(
    list: &RevocationList,
    before: &Revocation,
    next: &Revocation,
    time: VerificationTime,
) -> Requirement {
    if is_current(list, time) {
        Requirement::Current
    // Only a clock that was set back makes a list early; the list is required once it is corrected.
    } else if time.is_before(list.this_update())
        || before.rules.stale == StaleLists::Allow
        || (list.entries() > 0 && next.rules.unknown == UnknownStatus::Allow)
    {
        Requirement::Present
    } else {
        Requirement::NotOlder
    }
}

/// Returns whether a list replaces this one.
fn follow(
    version: &ListVersion,
    requirement: Requirement,
    next: ContinuityState<'_>,
    algorithms: &SignatureAlgorithms,
    time: VerificationTime,
) -> Result<bool, RevocationListRegression> {
    let found = BestReplacement::of(version, next, algorithms, time);
    match found.problem(version, requirement, time) {
        Some(problem) => Err(RevocationListRegression {
            issuer: rfc4514(&version.issuer),
            problem,
        }),
        None => Ok(found.is_there()),
    }
}

/// The best replacement of a list, from good to bad.
enum BestReplacement<'a> {
    Good,
    /// The same issuer and scope, and not older.
    NotCurrent(&'a RevocationList),
    Older(&'a RevocationList),
    /// The same issuer, but other certificates.
    OtherScope,
    /// Only the issuer's name matches.
    NotSigned,
    None,
}

impl<'a> BestReplacement<'a> {
    fn of(
        old: &ListVersion,
        next: ContinuityState<'a>,
        algorithms: &SignatureAlgorithms,
        time: VerificationTime,
    ) -> Self {
        let Ok(key) = PublicKey::from_spki(&old.signer) else {
            return Self::None;
        };
        let proving_anchors = old.proving_anchors_in(next.trust);
        let of_list = |list: &'a List| {
            let content = list.content();
            if list.check_signature(&key, algorithms).is_err() {
                return Self::NotSigned;
            }
            proving_anchors
                .iter()
                .for_each(|anchor| list.record_proving_anchor(anchor));
            if *content.scope() != old.scope {
                Self::OtherScope
            } else if old.is_newer(content.number(), content.this_update()) {
                Self::Older(content)
            } else if !is_current(content, time) {
                Self::NotCurrent(content)
            } else {
                Self::Good
            }
        };
        let all = next.revocation.lists.of(&old.issuer).map(of_list);
        all.min_by_key(Self::rank).unwrap_or(Self::None)
    }

    fn is_there(&self) -> bool {
        matches!(self, Self::Good | Self::NotCurrent(_))
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Good => 0,
            Self::NotCurrent(_) => 1,
            Self::Older(_) => 2,
            Self::OtherScope => 3,
            Self::NotSigned => 4,
            Self::None => 5,
        }
    }

    fn problem(
        &self,
        old: &ListVersion,
        requirement: Requirement,
        time: VerificationTime,
    ) -> Option<ListReplacementProblem> {
        // A list from the future would make every correct one after it too old. If the old list is
        // from the future too, the clock is wrong.
        let is_early = |list: &RevocationList| {
            time.is_before(list.this_update()) && !time.is_before(old.this_update)
        };
        Some(match self {
            Self::NotCurrent(list) if requirement == Requirement::Current || is_early(list) => {
                ListReplacementProblem::NotCurrent {
                    this_update: list.this_update(),
                    next_update: list.next_update(),
                }
            }
            Self::Good | Self::NotCurrent(_) => return None,
            Self::Older(list) if list.number().is_none() && old.number.is_some() => {
                ListReplacementProblem::NumberMissing
            }
            Self::Older(list) => ListReplacementProblem::Older {
                number: list.number().map(<[u8]>::to_vec),
                this_update: list.this_update(),
                previous_number: old.number.as_deref().map(<[u8]>::to_vec),
                previous_this_update: old.this_update,
            },
            _ if requirement == Requirement::NotOlder => return None,
            Self::OtherScope => ListReplacementProblem::OtherScope,
            Self::NotSigned => ListReplacementProblem::NotSigned,
            Self::None => ListReplacementProblem::Missing,
        })
    }
}

fn is_current(list: &RevocationList, time: VerificationTime) -> bool {
    time.is_within(list.this_update(), list.next_update())
}
