//! Verified trust anchors.
//!
//! webpki accepts any certificate as an anchor and checks neither its validity, nor its CA flag,
//! nor its path length (RFC 5280, section 6.1.1, leaves that to the implementation).

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use pki_types::{TrustAnchor, UnixTime};
use webpki::VerifiedPath;

use super::anchor_facts::AnchorFacts;
use super::anchor_rules::AnchorRules;
use super::examination::{UnusableEntry, examine};
use super::key_order::put_named_keys_first;
use super::known_facts::KnownFacts;
use super::name_index::NameIndex;
use crate::error::UnusableTrustAnchor;
use crate::material::TrustAnchors;
use crate::policy::limits::MAX_CA_NAMES_BYTES;
use crate::policy::verdict::reason::RejectionReason;
use crate::policy::verdict::rejection::Rejection;
use crate::policy::verdict::rule::Rule;
use crate::policy::verification::{VerificationContext, VerificationTime};
use crate::side::Side;
use crate::x509::{CanonicalName, Certificate, is_same_name, rfc4514};

/// The verified anchors of one set.
pub(crate) struct Anchors {
    source: TrustAnchors,
    rules: AnchorRules,
    /// The anchors that a path may lead to, in the order of the set.
    facts: Vec<AnchorFacts>,
    names: NameIndex,
    /// The validities of `facts`, side by side: they are compared with each new time.
    validities: Vec<(UnixTime, UnixTime)>,
    /// The indices of those of `facts` that have a defect.
    defective: Vec<usize>,
    /// All of `facts` as webpki takes them, where these are few and no two have the same subject.
    few: Vec<TrustAnchor<'static>>,
    /// The anchors that no path may lead to.
    unusable: Vec<UnusableEntry>,
    /// The index in the set, and the end, of the first anchor to expire.
    first_to_expire: Option<(usize, UnixTime)>,
    ca_names: OnceLock<Option<Vec<Vec<u8>>>>,
}

/// Up to this number, all anchors are passed to webpki; of more, only the issuers that the
/// presented certificates name.
const FEW: usize = 16;

/// When an anchor expires.
pub(crate) struct AnchorExpiry {
    pub(crate) subject: String,
    pub(crate) from: UnixTime,
    pub(crate) until: UnixTime,
}

impl Anchors {
    /// Examines the anchors of a set, except those that one of `former` examined by equal rules.
    pub(super) fn new(
        source: &TrustAnchors,
        rules: &AnchorRules,
        former: &[&Arc<Self>],
    ) -> Arc<Self> {
        let by_equal_rules = |former: &&&Arc<Self>| former.rules.are_same_as(rules);
        let mut former = former.iter().filter(by_equal_rules);
        if let Some(same) = former.clone().find(|former| former.source == *source) {
            return Arc::clone(same);
        }
        let mut known = KnownFacts::of(former.next().map_or(&[], |former| &former.facts));
        let mut facts = Vec::with_capacity(source.as_slice().len());
        let mut unusable = Vec::new();
        for (index, der) in source.as_slice().iter().enumerate() {
            if let Some(known) = known.find(der) {
                facts.push(known.moved_to(source, index));
                continue;
            }
            match examine(source, index, rules) {
                Ok(found) => facts.push(found),
                Err(entry) => unusable.push(*entry),
            }
        }
        let names = NameIndex::new(&facts);
        let few = if facts.len() <= FEW && !names.has_namesakes() {
            facts.iter().map(|f| f.webpki().to_owned()).collect()
        } else {
            Vec::new()
        };
        let usable = facts.iter().map(|f| (f.index, f.validity().1));
        let others = unusable
            .iter()
            .filter_map(|e| Some((e.anchor.index, e.validity?.1)));
        let by_end = |(index, until): &(usize, UnixTime)| (*until, *index);
        let with_places = facts.iter().enumerate();
        let defective = with_places.filter(|(_, facts)| facts.has_defects());
        Arc::new(Self {
            defective: defective.map(|(place, _)| place).collect(),
            first_to_expire: usable.chain(others).min_by_key(by_end),
            source: source.clone(),
            rules: rules.clone(),
            names,
            validities: facts.iter().map(AnchorFacts::validity).collect(),
            few,
            facts,
            unusable,
            ca_names: OnceLock::new(),
        })
    }

    /// Returns the number of configured anchors.
    pub(crate) fn count(&self) -> usize {
        self.facts.len().saturating_add(self.unusable.len())
    }

    /// Returns the anchors that are unusable for peers on `side` at this time.
    pub(crate) fn unusable(
        &self,
        side: Option<Side>,
        time: Option<VerificationTime>,
    ) -> impl Iterator<Item = UnusableTrustAnchor> {
        let never = self.unusable.iter().map(|entry| entry.anchor.clone());
        let mut suspects = self.defective.clone();
        if let Some(time) = time {
            let all = self.validities.iter().enumerate();
            let outside = all.filter(|(_, (from, until))| !time.is_within(*from, *until));
            suspects.extend(outside.map(|(index, _)| index));
            suspects.sort_unstable();
            suspects.dedup();
        }
        let suspects = suspects
            .into_iter()
            .filter_map(|index| self.facts.get(index));
        let mut now: Vec<_> = suspects
            .filter_map(|facts| Some((facts, facts.unusable(side, time)?)))
            .collect();
        now.sort_by_cached_key(|(facts, _)| CanonicalName::of(facts.name()));
        never.chain(now.into_iter().map(|(_, unusable)| unusable))
    }

    /// Returns why an anchor with this name is unusable.
    pub(crate) fn unusable_named(&self, subject: &[u8]) -> Option<&UnusableTrustAnchor> {
        let mut unusable = self.unusable.iter();
        let named = unusable.find(|entry| is_same_name(&entry.name, subject))?;
        Some(&named.anchor)
    }

    /// Returns the index in the set, and the end, of the first anchor to expire.
    ///
    /// The anchors that no path may lead to count too.
    pub(super) fn first_to_expire(&self) -> Option<(usize, UnixTime)> {
        self.first_to_expire
    }

    /// Returns when the anchor at this index in the set expires.
    pub(super) fn expiry_of(&self, index: usize) -> Option<AnchorExpiry> {
        let anchor = Certificate::from_der(self.source.as_slice().get(index)?).ok()?;
        Some(AnchorExpiry {
            subject: rfc4514(anchor.subject),
            from: anchor.not_before,
            until: anchor.not_after,
        })
    }

    /// Returns each distinct subject, of the unusable anchors too, in the order of the set.
    ///
    /// `None` if they are too large in total for a server to name.
    pub(super) fn ca_names(&self) -> Option<&[Vec<u8>]> {
        let names = self.ca_names.get_or_init(|| {
            let usable = self.facts.iter().map(|f| (f.index, f.name()));
            let unusable = self.unusable.iter().filter(|e| e.validity.is_some());
            let unusable = unusable.map(|e| (e.anchor.index, &*e.name));
            let mut all: Vec<_> = usable.chain(unusable).collect();
            all.sort_unstable_by_key(|(index, _)| *index);
            distinct(all.into_iter().map(|(_, name)| name))
        });
        names.as_deref()
    }

    /// Returns the anchors that a path through one of the presented certificates could lead to.
    pub(crate) fn candidates<'a>(
        &'a self,
        presented: &[(usize, Certificate<'_>)],
    ) -> Candidates<'a> {
        if !self.few.is_empty() {
            return Candidates {
                webpki: Cow::Borrowed(&self.few),
                facts: CandidateFacts::All(&self.facts),
            };
        }
        let mut found = Vec::new();
        let mut issuers: Vec<&[u8]> = Vec::new();
        for (_, child) in presented {
            if issuers.contains(&child.issuer) {
                continue;
            }
            issuers.push(child.issuer);
            let before = found.len();
            found.extend(self.names.with_subject(&self.facts, child.issuer));
            put_named_keys_first(found.get_mut(before..).unwrap_or_default(), || {
                let children = presented.iter().map(|(_, child)| child);
                children.filter(|other| other.issuer == child.issuer)
            });
        }
        Candidates {
            webpki: found
                .iter()
                .map(|facts: &&AnchorFacts| facts.webpki())
                .collect(),
            facts: CandidateFacts::Found(found),
        }
    }

    /// Returns the anchors with this subject (a `Name` with its header; RFC 5280, section 7.1).
    pub(crate) fn named(&self, subject: &[u8]) -> impl Iterator<Item = &AnchorFacts> {
        self.names.named(&self.facts, subject)
    }

    /// Returns the anchors that may have this subject: either name may be undecodable.
    pub(crate) fn that_may_be(&self, subject: &[u8]) -> Vec<&AnchorFacts> {
        self.names.that_may_be(&self.facts, subject)
    }
}

/// Returns each name once, in order; `None` if they are too large in total.
pub(super) fn distinct<'a>(names: impl Iterator<Item = &'a [u8]>) -> Option<Vec<Vec<u8>>> {
    let mut distinct: Vec<Vec<u8>> = Vec::new();
    let mut bytes: usize = 0;
    for name in names {
        if distinct.iter().any(|known| known == name) {
            continue;
        }
        // Each name is preceded by two bytes of length.
        bytes = bytes.saturating_add(name.len()).saturating_add(2);
        if bytes > MAX_CA_NAMES_BYTES {
            return None;
        }
        distinct.push(name.to_vec());
    }
    Some(distinct)
}

/// The anchors that a path may lead to.
pub(crate) struct Candidates<'a> {
    webpki: Cow<'a, [TrustAnchor<'a>]>,
    facts: CandidateFacts<'a>,
}

/// In the order of the anchors that webpki has.
enum CandidateFacts<'a> {
    All(&'a [AnchorFacts]),
    Found(Vec<&'a AnchorFacts>),
}

impl<'a> CandidateFacts<'a> {
    fn at(&self, index: usize) -> Option<&'a AnchorFacts> {
        match self {
            Self::All(facts) => facts.get(index),
            Self::Found(facts) => facts.get(index).copied(),
        }
    }
}

impl<'a> Candidates<'a> {
    pub(crate) fn as_slice(&self) -> &[TrustAnchor<'a>] {
        &self.webpki
    }

    /// Verifies the anchor of a path.
    ///
    /// `child` is the last certificate below it, `intermediates` the number of intermediates that
    /// are not self-issued. The anchor is compared by identity, because other anchors may have the
    /// same name and key. webpki proposes those too, and has applied the name constraints of this
    /// one.
    pub(crate) fn check_end_of_path(
        &self,
        path: &VerifiedPath<'_>,
        child: (usize, &Certificate<'_>),
        intermediates: usize,
        context: &VerificationContext<'_>,
    ) -> Result<&'a AnchorFacts, Rejection> {
        let mut anchors = self.webpki.iter();
        let index = anchors.position(|anchor| core::ptr::eq(anchor, path.anchor()));
        let Some(facts) = index.and_then(|index| self.facts.at(index)) else {
            return Err(Rejection::new(RejectionReason::UnknownIssuer));
        };
        context.trace.check(
            Rule::TrustAnchor,
            None,
            |_| facts.in_words(),
            || {
                facts.check(context)?;
                facts.check_path_length(intermediates)?;
                facts.check_child(child)?;
                Ok(facts)
            },
        )
    }
}
