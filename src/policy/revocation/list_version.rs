//! The latest version of an issuer's lists.

use core::cmp::Ordering;
use std::sync::{Arc, OnceLock};

use pki_types::UnixTime;

use super::lists::{Anchor, List};
use crate::policy::trust::TrustSets;
use crate::x509::{Certificate, CrlScope, is_same_name};

/// Retired lists when this revision began: the versions that no older list may follow.
pub(super) type RetiredLists = OnceLock<Box<[ListVersion]>>;

/// The most retired lists that are stored; the one retired first is dropped.
const MAX_RETIRED: usize = 256;

/// The latest version of an issuer's lists of one scope.
#[derive(Clone)]
pub(super) struct ListVersion {
    pub(super) issuer: Box<[u8]>,
    /// A `SubjectPublicKeyInfo`.
    pub(super) signer: Box<[u8]>,
    pub(super) scope: CrlScope,
    pub(super) number: Option<Box<[u8]>>,
    pub(super) this_update: UnixTime,
    pub(super) proving_anchors: Vec<Anchor>,
}

pub(super) fn remember(retired: &mut Vec<ListVersion>, version: ListVersion) {
    if retired.iter().any(|other| other.covers(&version)) {
        return;
    }
    retired.retain(|other| !version.covers(other));
    if retired.len() >= MAX_RETIRED {
        let _longest = retired.remove(0);
    }
    retired.push(version);
}

impl ListVersion {
    /// Returns `None` for a list without a verified signer.
    pub(super) fn of(list: &List) -> Option<Self> {
        let content = list.content();
        Some(Self {
            issuer: content.issuer_der().into(),
            signer: list.signer()?.into(),
            scope: content.scope().clone(),
            number: content.number().map(Into::into),
            this_update: content.this_update(),
            proving_anchors: list.proving_anchors().cloned().collect(),
        })
    }

    pub(super) fn is_proved(&self, trust: &TrustSets) -> bool {
        let mut proving_anchors = self.proving_anchors.iter();
        // A signer has no proving anchor only while the first handshake is still recording it.
        self.proving_anchors.is_empty()
            || proving_anchors.any(|anchor| same_anchor(anchor, trust).is_some())
    }

    /// Returns whether every list that is not older than this is not older than `other`.
    fn covers(&self, other: &Self) -> bool {
        is_same_name(&self.issuer, &other.issuer)
            && self.signer == other.signer
            && self.scope == other.scope
            && !other.is_newer(self.number.as_deref(), self.this_update)
    }

    /// Returns whether this is newer than a list with the given number and time.
    ///
    /// CRL numbers only grow (RFC 5280, section 5.2.3), and so does `thisUpdate`. Without a number
    /// only the time counts. But an issuer that numbers its lists continues to do so: a list
    /// without a number never follows one with a number.
    pub(super) fn is_newer(&self, number: Option<&[u8]>, this_update: UnixTime) -> bool {
        let has_smaller_number = match (number, self.number.as_deref()) {
            (Some(next), Some(own)) => compare_numbers(next, own) == Ordering::Less,
            (next, own) => next.is_none() && own.is_some(),
        };
        has_smaller_number || this_update < self.this_update
    }

    /// Returns the anchors that prove the signer, for the list that replaces this one.
    ///
    /// No peer may present a path before the next rotation, so they are copied. Trusted anchors
    /// come first, as their current certificates; the others may become trusted again.
    pub(super) fn proving_anchors_in(&self, trust: &TrustSets) -> Vec<Anchor> {
        let (trusted, retired): (Vec<_>, Vec<_>) = self
            .proving_anchors
            .iter()
            .map(|anchor| same_anchor(anchor, trust).ok_or(anchor))
            .partition(Result::is_ok);
        let all = trusted.into_iter().chain(retired);
        all.map(|(Ok(anchor) | Err(anchor))| Arc::clone(anchor))
            .collect()
    }
}

/// Returns the trusted anchor with the same subject and key; its certificate may be renewed.
fn same_anchor<'a>(anchor: &Anchor, trust: &'a TrustSets) -> Option<&'a Anchor> {
    let anchor = Certificate::from_der(anchor).ok()?;
    trust.with_key(anchor.subject, &anchor.public_key)
}

/// Compares numbers in big-endian order without leading zeros.
fn compare_numbers(a: &[u8], b: &[u8]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(issuer: u16, number: impl Into<Option<u8>>, this_update: u64) -> ListVersion {
        ListVersion {
            issuer: Box::new(issuer.to_be_bytes()),
            signer: Box::new([1]),
            scope: CrlScope::EVERYTHING,
            number: number.into().map(|number| [number].into()),
            this_update: UnixTime::since_unix_epoch(core::time::Duration::from_secs(this_update)),
            proving_anchors: Vec::new(),
        }
    }

    #[test]
    fn what_is_gone_is_remembered_once_and_not_without_bound() {
        let mut retired = Vec::new();
        for (number, this_update) in [(5, 5), (7, 7), (6, 6), (7, 7), (8, 6)] {
            remember(&mut retired, version(0, number, this_update));
        }
        assert_eq!(remembered(&retired), [(Some(7), 7), (Some(8), 6)]);
        for issuer in 1..=300 {
            remember(&mut retired, version(issuer, 1, 1));
        }
        assert_eq!(retired.len(), MAX_RETIRED);
        assert_eq!(*retired[0].issuer, 45_u16.to_be_bytes());
    }

    #[test]
    fn a_number_covers_none_and_none_covers_no_number() {
        let mut retired = Vec::new();
        for (number, this_update) in [(None, 4), (None, 6), (None, 5), (Some(1), 5)] {
            remember(&mut retired, version(0, number, this_update));
        }
        assert_eq!(remembered(&retired), [(None, 6), (Some(1), 5)]);
        remember(&mut retired, version(0, 1, 6));
        assert_eq!(remembered(&retired), [(Some(1), 6)]);
        remember(&mut retired, version(0, None, 7));
        assert_eq!(remembered(&retired), [(Some(1), 6), (None, 7)]);
    }

    #[test]
    fn to_be_no_older_is_an_order() {
        let all: Vec<ListVersion> = [None, Some(1), Some(2)]
            .into_iter()
            .flat_map(|number| (1..=3).map(move |time| version(0, number, time)))
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

    fn remembered(retired: &[ListVersion]) -> Vec<(Option<u8>, u64)> {
        let number = |version: &ListVersion| version.number.as_ref().map(|number| number[0]);
        retired
            .iter()
            .map(|version| (number(version), version.this_update.as_secs()))
            .collect()
    }
}
