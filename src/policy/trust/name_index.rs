//! Looking anchors up by their subjects.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;

use super::anchor_facts::AnchorFacts;
use crate::x509::{CanonicalName, is_same_name};

/// The indices of anchors, found by their subjects.
pub(super) struct NameIndex {
    by_bytes: Vec<Hashed>,
    /// Whether two anchors have the same subject.
    has_namesakes: bool,
    /// Paths are built byte for byte, so few look-ups need it: it is made for the first of them.
    canonical: OnceLock<CanonicalIndex>,
}

struct CanonicalIndex {
    by_name: Vec<Hashed>,
    /// The anchors whose subjects readers may decode differently.
    unreadable: Vec<u32>,
}

/// The hash of a subject, and the index of its anchor.
///
/// Names that a peer chose are only looked up, and what is found is compared. So a hash without a
/// secret is enough.
type Hashed = (u64, u32);

impl NameIndex {
    pub(super) fn new(anchors: &[AnchorFacts]) -> Self {
        let by_bytes = sorted(anchors.iter().map(|facts| hash_of(facts.name())));
        let mut pairs = by_bytes.windows(2);
        Self {
            has_namesakes: pairs.any(|pair| matches!(pair, [(a, _), (b, _)] if a == b)),
            by_bytes,
            canonical: OnceLock::new(),
        }
    }

    pub(super) fn has_namesakes(&self) -> bool {
        self.has_namesakes
    }

    /// Returns the anchors whose subject has these bytes (a `Name` with its header), in order.
    pub(super) fn with_subject<'a>(
        &self,
        anchors: &'a [AnchorFacts],
        subject: &[u8],
    ) -> impl Iterator<Item = &'a AnchorFacts> {
        let found = with_hash(&self.by_bytes, hash_of(subject));
        let found = found.filter_map(|index| at(anchors, index));
        found.filter(move |facts| facts.name() == subject)
    }

    /// Returns the anchors with this subject (RFC 5280, section 7.1), in order.
    pub(super) fn named<'a>(
        &self,
        anchors: &'a [AnchorFacts],
        subject: &[u8],
    ) -> impl Iterator<Item = &'a AnchorFacts> {
        let hash = hash_of(&CanonicalName::of(subject));
        let found = with_hash(&self.canonical(anchors).by_name, hash);
        let found = found.filter_map(|index| at(anchors, index));
        found.filter(move |facts| is_same_name(facts.name(), subject))
    }

    /// Returns the anchors that may have this subject: either name may be undecodable.
    pub(super) fn that_may_be<'a>(
        &self,
        anchors: &'a [AnchorFacts],
        subject: &[u8],
    ) -> Vec<&'a AnchorFacts> {
        if !CanonicalName::of(subject).is_readable() {
            return anchors.iter().collect();
        }
        let unreadable = self.canonical(anchors).unreadable.iter();
        let unreadable = unreadable.filter_map(|index| at(anchors, *index));
        let is_new = |facts: &&AnchorFacts| !is_same_name(facts.name(), subject);
        self.named(anchors, subject)
            .chain(unreadable.filter(is_new))
            .collect()
    }

    fn canonical(&self, anchors: &[AnchorFacts]) -> &CanonicalIndex {
        self.canonical.get_or_init(|| {
            let mut unreadable = Vec::new();
            let hashes = (0..).zip(anchors).map(|(index, facts)| {
                let name = CanonicalName::of(facts.name());
                if !name.is_readable() {
                    unreadable.push(index);
                }
                hash_of(&name)
            });
            CanonicalIndex {
                by_name: sorted(hashes),
                unreadable,
            }
        })
    }
}

fn sorted(hashes: impl Iterator<Item = u64>) -> Vec<Hashed> {
    let mut sorted: Vec<Hashed> = hashes.zip(0..).collect();
    sorted.sort_unstable();
    sorted
}

fn hash_of(name: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

fn with_hash(sorted: &[Hashed], hash: u64) -> impl Iterator<Item = u32> {
    let start = sorted.partition_point(|(other, _)| *other < hash);
    let rest = sorted.get(start..).unwrap_or_default().iter();
    rest.take_while(move |(other, _)| *other == hash)
        .map(|(_, index)| *index)
}

fn at(anchors: &[AnchorFacts], index: u32) -> Option<&AnchorFacts> {
    anchors.get(usize::try_from(index).ok()?)
}
