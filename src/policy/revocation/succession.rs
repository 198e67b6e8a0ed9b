//! Whether other lists may take the place of those that were judged by.
//!
//! A rotation must not lose what worked. A list that is rolled back would admit whom a later one revokes; one that is
//! missing, stale or not the issuer's would refuse everybody, or admit the revoked where unknown status is allowed.
//!
//! What worked is told by signatures: a list counts that is current and was found to be signed by its issuer, which is an
//! anchor, or a CA of a path that was proved meanwhile. So a list that never was of any use can be replaced by whatever
//! mends it.

use core::cmp::Ordering;

use pki_types::UnixTime;

use super::Revocation;
use super::lists::List;
use crate::error::BuildError;
use crate::material::RevocationList;
use crate::policy::algorithms::SignatureAlgorithms;
use crate::policy::rejection::rfc3339;
use crate::policy::trust::Trust;
use crate::x509::PublicKey;

/// Lists, and the anchors beside them.
#[derive(Clone, Copy)]
pub(in crate::policy) struct Side<'a> {
    pub(in crate::policy) revocation: &'a Revocation,
    pub(in crate::policy) trust: &'a Trust,
}

/// Refuses `next` where it lacks, at this time, what `before` has.
///
/// Nothing is asked about an anchor whose key `next` does not trust any more. Where any anchor is gone, lists of CAs below
/// anchors may be missing, since nobody knows here which CA is below which anchor; those that are there are not older.
pub(in crate::policy) fn check(
    before: Side<'_>,
    next: Side<'_>,
    algorithms: &SignatureAlgorithms,
    now: UnixTime,
) -> Result<(), BuildError> {
    for old in before.revocation.lists.all() {
        let content = old.content();
        let Some(Ok(key)) = old.signer().map(PublicKey::from_spki) else {
            continue;
        };
        let is_anchors = before.trust.has_key(content.issuer_der(), &key);
        let is_gone = is_anchors && !next.trust.has_key(content.issuer_der(), &key);
        if is_gone || !is_current(content, now) {
            continue;
        }
        let found = Successors::of(content, next.revocation, &key, algorithms, now);
        let may_be_gone = !is_anchors && !next.trust.has_all_of(before.trust);
        match found.problem(content) {
            Some(problem) if !may_be_gone || matches!(found, Successors::Older(_)) => {
                let issuer = content.issuer();
                return Err(BuildError::RevocationListsWorse { issuer, problem });
            }
            _ => {}
        }
    }
    Ok(())
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
    fn of(
        old: &RevocationList,
        next: &'a Revocation,
        key: &PublicKey<'_>,
        algorithms: &SignatureAlgorithms,
        now: UnixTime,
    ) -> Self {
        let of_list = |list: &'a List| {
            let content = list.content();
            if list.check_signature(key, algorithms).is_err() {
                Self::NotSigned
            } else if content.scope() != old.scope() {
                Self::OtherScope
            } else if is_older(content, old) {
                Self::Older(content)
            } else if !is_current(content, now) {
                Self::NotCurrent(content)
            } else {
                Self::Good
            }
        };
        let all = next.lists.of(old.issuer_der()).map(of_list);
        all.min_by_key(Self::rank).unwrap_or(Self::None)
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

    fn problem(&self, old: &RevocationList) -> Option<String> {
        Some(match self {
            Self::Good => return None,
            Self::NotCurrent(list) => format!(
                "the next one counts from {} until {}, which is not now",
                rfc3339(list.this_update()),
                rfc3339(list.next_update())
            ),
            Self::Older(list) => format!(
                "the next one is older: it has the number {} of {}, in place of {} of {}",
                number(list),
                rfc3339(list.this_update()),
                number(old),
                rfc3339(old.this_update())
            ),
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

/// CRL numbers only grow (RFC 5280, section 5.2.3), and so does time.
fn is_older(list: &RevocationList, than: &RevocationList) -> bool {
    compare_numbers(list.number(), than.number()) == Ordering::Less
        || list.this_update() < than.this_update()
}

/// Big-endian, without leading zeros.
fn compare_numbers(a: &[u8], b: &[u8]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn number(list: &RevocationList) -> String {
    let digits = list.number().iter().map(|byte| format!("{byte:02x}"));
    format!("0x{}", digits.collect::<String>())
}
