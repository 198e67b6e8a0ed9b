//! Whether other lists may take the place of those that were judged by.
//!
//! A rotation must not lose what worked. A list that is rolled back would admit whom a later one
//! revokes; one that is missing, stale or not the issuer's would refuse everybody, or admit the
//! revoked where unknown status is allowed.
//!
//! What worked is told by signatures: a list counts that was found to be signed by its issuer,
//! which is an anchor, or a CA of a path that was proved meanwhile. So a list that never was of any
//! use can be replaced by whatever mends it.
//!
//! The clock is no judge of what is older: by one that was set back, no list would count. It says
//! only whether the next list has to be current.

use pki_types::UnixTime;

use super::list_version::{ListVersion, remember};
use super::lists::List;
use super::state::Revocation;
use crate::error::BuildError;
use crate::material::RevocationList;
use crate::policy::algorithms::SignatureAlgorithms;
use crate::policy::revocation_rules::{StaleLists, UnknownStatus};
use crate::policy::trust::TrustSets;
use crate::policy::verdict::rejection::rfc3339;
use crate::x509::{PublicKey, rfc4514};

/// Lists, and the anchors beside them.
#[derive(Clone, Copy)]
pub(in crate::policy) struct ContinuityState<'a> {
    pub(in crate::policy) revocation: &'a Revocation,
    pub(in crate::policy) trust: &'a TrustSets,
}

/// What there has to be in place of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Requirement {
    /// Nothing, or what is no older.
    NotOlder,
    Present,
    Current,
}

/// Refuses `next` where it lacks, at this time, what `before` has, or has what is older; remembers
/// in `next` what is retired.
pub(in crate::policy) fn check(
    before: ContinuityState<'_>,
    next: ContinuityState<'_>,
    algorithms: &SignatureAlgorithms,
    now: UnixTime,
) -> Result<(), BuildError> {
    let mut retired = Vec::new();
    for version in before.revocation.retired.get().into_iter().flatten() {
        if !follow(version, Requirement::NotOlder, next, algorithms, now)? {
            remember(&mut retired, version.clone());
        }
    }
    for list in before.revocation.lists.all() {
        let Some(version) = ListVersion::of(list) else {
            continue;
        };
        let requirement = match version.is_vouched_for(next.trust) {
            true => requirement(list.content(), before.revocation, next.revocation, now),
            false => Requirement::NotOlder,
        };
        if !follow(&version, requirement, next, algorithms, now)? {
            remember(&mut retired, version);
        }
    }
    // Asked once of a revision: when it is made.
    let _ = next.revocation.retired.set(retired.into());
    Ok(())
}

/// What would be missed with a list. A current one proves certificates good, and so does one that
/// may be stale. One that is neither revokes what it lists all the same; but without it these are
/// of unknown status, so that it is missed only where that is admitted. So the last list of a CA
/// that was retired can be taken away in time.
fn requirement(
    list: &RevocationList,
    before: &Revocation,
    next: &Revocation,
    now: UnixTime,
) -> Requirement {
    if is_current(list, now) {
        Requirement::Current
    // Before its time it is only where the clock was set back: it will be missed when that is mended.
    } else if now < list.this_update()
        || before.rules.stale == StaleLists::Allow
        || (list.entries() > 0 && next.rules.unknown == UnknownStatus::Allow)
    {
        Requirement::Present
    } else {
        Requirement::NotOlder
    }
}

/// Whether there is a list in place of this one.
fn follow(
    version: &ListVersion,
    requirement: Requirement,
    next: ContinuityState<'_>,
    algorithms: &SignatureAlgorithms,
    now: UnixTime,
) -> Result<bool, BuildError> {
    let found = BestReplacement::of(version, next, algorithms, now);
    match found.problem(version, requirement, now) {
        Some(problem) => Err(BuildError::RevocationListRegression {
            issuer: rfc4514(&version.issuer),
            problem,
        }),
        None => Ok(found.is_there()),
    }
}

/// The best that there is in place of a list, from good to bad.
enum BestReplacement<'a> {
    Good,
    /// Of the same issuer and scope, and no older.
    NotCurrent(&'a RevocationList),
    Older(&'a RevocationList),
    /// Of the issuer, about other certificates.
    OtherScope,
    /// Of the issuer's name alone.
    NotSigned,
    None,
}

impl<'a> BestReplacement<'a> {
    fn of(
        old: &ListVersion,
        next: ContinuityState<'a>,
        algorithms: &SignatureAlgorithms,
        now: UnixTime,
    ) -> Self {
        let Ok(key) = PublicKey::from_spki(&old.signer) else {
            return Self::None;
        };
        let vouchers = old.vouchers_in(next.trust);
        let of_list = |list: &'a List| {
            let content = list.content();
            if list.check_signature(&key, algorithms).is_err() {
                return Self::NotSigned;
            }
            vouchers.iter().for_each(|anchor| list.vouch(anchor));
            if *content.scope() != old.scope {
                Self::OtherScope
            } else if old.is_newer(content.number(), content.this_update()) {
                Self::Older(content)
            } else if !is_current(content, now) {
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
        now: UnixTime,
    ) -> Option<String> {
        // One from the future would make every right one after it too old. Where the old one is from there as well, it is
        // the clock that is wrong.
        let is_early = |list: &RevocationList| now < list.this_update() && old.this_update <= now;
        Some(match self {
            Self::NotCurrent(list) if requirement == Requirement::Current || is_early(list) => {
                format!(
                    "the next one counts from {} until {}, which is not now",
                    rfc3339(list.this_update()),
                    rfc3339(list.next_update())
                )
            }
            Self::Good | Self::NotCurrent(_) => return None,
            Self::Older(list) if list.number().is_none() && old.number.is_some() => {
                "the next one has no CRL number, and takes the place of none that has one"
                    .to_owned()
            }
            Self::Older(list) => format!(
                "the next one is older: it has {} and is of {}, in place of {} of {}",
                describe_number(list.number()),
                rfc3339(list.this_update()),
                describe_number(old.number.as_deref()),
                rfc3339(old.this_update)
            ),
            _ if requirement == Requirement::NotOlder => return None,
            Self::OtherScope => {
                "the next ones of this issuer are about other certificates or reasons".to_owned()
            }
            Self::NotSigned => {
                "the next one was not signed by the issuer, but has its name alone".to_owned()
            }
            Self::None => "there is none any more".to_owned(),
        })
    }
}

fn is_current(list: &RevocationList, now: UnixTime) -> bool {
    (list.this_update()..=list.next_update()).contains(&now)
}

fn describe_number(number: Option<&[u8]>) -> String {
    let Some(number) = number else {
        return "no CRL number".to_owned();
    };
    let digits = number.iter().map(|byte| format!("{byte:02x}"));
    format!("the CRL number 0x{}", digits.collect::<String>())
}
