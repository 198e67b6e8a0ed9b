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

use core::cmp::Ordering;
use std::sync::{Arc, OnceLock};

use pki_types::UnixTime;

use super::Revocation;
use super::lists::{Anchor, List};
use super::rules::{StaleLists, UnknownStatus};
use crate::error::BuildError;
use crate::material::RevocationList;
use crate::policy::algorithms::SignatureAlgorithms;
use crate::policy::rejection::rfc3339;
use crate::policy::trust::Trust;
use crate::x509::{Certificate, CrlScope, PublicKey, is_same_name, rfc4514};

/// Lists, and the anchors beside them.
#[derive(Clone, Copy)]
pub(in crate::policy) struct Side<'a> {
    pub(in crate::policy) revocation: &'a Revocation,
    pub(in crate::policy) trust: &'a Trust,
}

/// Lists that were gone when this revision began, each with what must not come back in its place.
pub(super) type Gone = OnceLock<Box<[Mark]>>;

/// Lists that are gone and remembered; the one that has been gone for longest makes room.
const MAX_GONE: usize = 256;

/// How far an issuer has come with its lists of one scope.
#[derive(Clone)]
pub(super) struct Mark {
    issuer: Box<[u8]>,
    /// A `SubjectPublicKeyInfo`.
    signer: Box<[u8]>,
    scope: CrlScope,
    number: Option<Box<[u8]>>,
    this_update: UnixTime,
    vouchers: Vec<Anchor>,
}

/// What there has to be in place of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Demand {
    /// Nothing, or what is no older.
    NotOlder,
    Present,
    Current,
}

/// Refuses `next` where it lacks, at this time, what `before` has, or has what is older; remembers
/// in `next` what is gone.
pub(in crate::policy) fn check(
    before: Side<'_>,
    next: Side<'_>,
    algorithms: &SignatureAlgorithms,
    now: UnixTime,
) -> Result<(), BuildError> {
    let mut gone = Vec::new();
    for mark in before.revocation.gone.get().into_iter().flatten() {
        if !follow(mark, Demand::NotOlder, next, algorithms, now)? {
            remember(&mut gone, mark.clone());
        }
    }
    for list in before.revocation.lists.all() {
        let Some(mark) = Mark::of(list) else {
            continue;
        };
        let demand = match mark.is_vouched_for(next.trust) {
            true => demand(list.content(), before.revocation, next.revocation, now),
            false => Demand::NotOlder,
        };
        if !follow(&mark, demand, next, algorithms, now)? {
            remember(&mut gone, mark);
        }
    }
    // Asked once of a revision: when it is made.
    let _ = next.revocation.gone.set(gone.into());
    Ok(())
}

/// What would be missed with a list. A current one proves certificates good, and so does one that
/// may be stale. One that is neither revokes what it lists all the same; but without it these are
/// of unknown status, so that it is missed only where that is admitted. So the last list of a CA
/// that was retired can be taken away in time.
fn demand(list: &RevocationList, before: &Revocation, next: &Revocation, now: UnixTime) -> Demand {
    if is_current(list, now) {
        Demand::Current
    // Before its time it is only where the clock was set back: it will be missed when that is mended.
    } else if now < list.this_update()
        || before.rules.stale == StaleLists::Allow
        || (list.entries() > 0 && next.rules.unknown == UnknownStatus::Allow)
    {
        Demand::Present
    } else {
        Demand::NotOlder
    }
}

/// Whether there is a list in place of this one.
fn follow(
    mark: &Mark,
    demand: Demand,
    next: Side<'_>,
    algorithms: &SignatureAlgorithms,
    now: UnixTime,
) -> Result<bool, BuildError> {
    let found = Successors::of(mark, next, algorithms, now);
    match found.problem(mark, demand, now) {
        Some(problem) => Err(BuildError::RevocationListsWorse {
            issuer: rfc4514(&mark.issuer),
            problem,
        }),
        None => Ok(found.is_there()),
    }
}

fn remember(gone: &mut Vec<Mark>, mark: Mark) {
    if gone.iter().any(|other| other.covers(&mark)) {
        return;
    }
    gone.retain(|other| !mark.covers(other));
    if gone.len() >= MAX_GONE {
        let _longest = gone.remove(0);
    }
    gone.push(mark);
}

impl Mark {
    /// `None` for a list that was not seen to be anybody's.
    fn of(list: &List) -> Option<Self> {
        let content = list.content();
        Some(Self {
            issuer: content.issuer_der().into(),
            signer: list.signer()?.into(),
            scope: content.scope().clone(),
            number: content.number().map(Into::into),
            this_update: content.this_update(),
            vouchers: list.vouchers().cloned().collect(),
        })
    }

    fn is_vouched_for(&self, trust: &Trust) -> bool {
        let mut vouchers = self.vouchers.iter();
        // None is known only while the first handshake is about to tell.
        self.vouchers.is_empty() || vouchers.any(|anchor| same_anchor(anchor, trust).is_some())
    }

    /// Whether whatever is no older than this is no older than `other`.
    fn covers(&self, other: &Self) -> bool {
        is_same_name(&self.issuer, &other.issuer)
            && self.signer == other.signer
            && self.scope == other.scope
            && !other.is_newer(self.number.as_deref(), self.this_update)
    }

    /// Whether it is newer than a list with this number and this time. CRL numbers only grow (RFC
    /// 5280, section 5.2.3), and so does time. Without a number the time alone counts; but an
    /// issuer that has begun to number its lists goes on, so that one without a number never
    /// follows one with a number.
    fn is_newer(&self, number: Option<&[u8]>, this_update: UnixTime) -> bool {
        let has_smaller_number = match (number, self.number.as_deref()) {
            (Some(next), Some(own)) => compare_numbers(next, own) == Ordering::Less,
            (next, own) => next.is_none() && own.is_some(),
        };
        has_smaller_number || this_update < self.this_update
    }

    /// Who vouches for the signer, to be handed on: nobody may come by before the next rotation.
    /// Anchors that are trusted come first, by their certificates of now; others may be trusted
    /// again.
    fn vouchers_in(&self, trust: &Trust) -> Vec<Anchor> {
        let (trusted, gone): (Vec<_>, Vec<_>) = self
            .vouchers
            .iter()
            .map(|anchor| same_anchor(anchor, trust).ok_or(anchor))
            .partition(Result::is_ok);
        let all = trusted.into_iter().chain(gone);
        all.map(|(Ok(anchor) | Err(anchor))| Arc::clone(anchor))
            .collect()
    }
}

/// The anchor with this one's subject and key: it may have been renewed.
fn same_anchor<'a>(anchor: &Anchor, trust: &'a Trust) -> Option<&'a Anchor> {
    let anchor = Certificate::from_der(anchor).ok()?;
    trust.with_key(anchor.subject, &anchor.public_key)
}

/// The best that there is in place of a list, from good to bad.
enum Successors<'a> {
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

impl<'a> Successors<'a> {
    fn of(old: &Mark, next: Side<'a>, algorithms: &SignatureAlgorithms, now: UnixTime) -> Self {
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

    fn problem(&self, old: &Mark, demand: Demand, now: UnixTime) -> Option<String> {
        // One from the future would make every right one after it too old. Where the old one is from there as well, it is
        // the clock that is wrong.
        let is_early = |list: &RevocationList| now < list.this_update() && old.this_update <= now;
        Some(match self {
            Self::NotCurrent(list) if demand == Demand::Current || is_early(list) => format!(
                "the next one counts from {} until {}, which is not now",
                rfc3339(list.this_update()),
                rfc3339(list.next_update())
            ),
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
            _ if demand == Demand::NotOlder => return None,
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

/// Big-endian, without leading zeros.
fn compare_numbers(a: &[u8], b: &[u8]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn describe_number(number: Option<&[u8]>) -> String {
    let Some(number) = number else {
        return "no CRL number".to_owned();
    };
    let digits = number.iter().map(|byte| format!("{byte:02x}"));
    format!("the CRL number 0x{}", digits.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(issuer: u16, number: impl Into<Option<u8>>, this_update: u64) -> Mark {
        Mark {
            issuer: Box::new(issuer.to_be_bytes()),
            signer: Box::new([1]),
            scope: CrlScope::EVERYTHING,
            number: number.into().map(|number| [number].into()),
            this_update: UnixTime::since_unix_epoch(core::time::Duration::from_secs(this_update)),
            vouchers: Vec::new(),
        }
    }

    #[test]
    fn what_is_gone_is_remembered_once_and_not_without_bound() {
        let mut gone = Vec::new();
        for (number, this_update) in [(5, 5), (7, 7), (6, 6), (7, 7), (8, 6)] {
            remember(&mut gone, mark(0, number, this_update));
        }
        assert_eq!(remembered(&gone), [(Some(7), 7), (Some(8), 6)]);
        for issuer in 1..=300 {
            remember(&mut gone, mark(issuer, 1, 1));
        }
        assert_eq!(gone.len(), MAX_GONE);
        assert_eq!(*gone[0].issuer, 45_u16.to_be_bytes());
    }

    #[test]
    fn a_number_covers_none_and_none_covers_no_number() {
        let mut gone = Vec::new();
        for (number, this_update) in [(None, 4), (None, 6), (None, 5), (Some(1), 5)] {
            remember(&mut gone, mark(0, number, this_update));
        }
        assert_eq!(remembered(&gone), [(None, 6), (Some(1), 5)]);
        remember(&mut gone, mark(0, 1, 6));
        assert_eq!(remembered(&gone), [(Some(1), 6)]);
        remember(&mut gone, mark(0, None, 7));
        assert_eq!(remembered(&gone), [(Some(1), 6), (None, 7)]);
    }

    #[test]
    fn to_be_no_older_is_an_order() {
        let all: Vec<Mark> = [None, Some(1), Some(2)]
            .into_iter()
            .flat_map(|number| (1..=3).map(move |time| mark(0, number, time)))
            .collect();
        for a in &all {
            assert!(a.covers(a));
            for b in &all {
                let is_same = (&a.number, a.this_update) == (&b.number, b.this_update);
                assert_eq!(a.covers(b) && b.covers(a), is_same);
                for c in &all {
                    assert!(!(a.covers(b) && b.covers(c)) || a.covers(c));
                }
            }
        }
    }

    fn remembered(gone: &[Mark]) -> Vec<(Option<u8>, u64)> {
        let number = |mark: &Mark| mark.number.as_ref().map(|number| number[0]);
        gone.iter()
            .map(|mark| (number(mark), mark.this_update.as_secs()))
            .collect()
    }
}
