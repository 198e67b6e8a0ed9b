//! Verified trust anchors.
//!
//! webpki accepts any certificate as an anchor and checks neither its validity, nor its CA flag,
//! nor its path length (RFC 5280, section 6.1.1, leaves that to the implementation).

use std::borrow::Cow;

use pki_types::{CertificateDer, TrustAnchor};
use webpki::VerifiedPath;

use crate::error::UnusableTrustAnchor;
use crate::policy::signature::SignatureAlgorithms;
use crate::policy::verdict::reason::RejectionReason;
use crate::policy::verdict::rejection::Rejection;
use crate::policy::verdict::rule::Rule;
use crate::policy::verification::{VerificationContext, VerificationTime};
use crate::policy::verifier_policy::VerifierPolicy;
use crate::side::Side;
use crate::x509::{CanonicalName, Certificate};

use super::anchor_facts::{self, AnchorFacts, UnusableEntry};

/// The verified anchors, sorted by subject to keep look-ups in a large set cheap.
pub(crate) struct Anchors {
    /// The subjects, sorted; those that cannot be decoded included.
    names: Vec<CanonicalName>,
    /// In the order of `names`.
    webpki: Vec<TrustAnchor<'static>>,
    /// In the order of `names`.
    facts: Vec<AnchorFacts>,
    /// The anchors that no path may lead to.
    unusable: Vec<UnusableEntry>,
}

/// Up to this number, all anchors are passed to webpki; of more, only the issuers that the
/// presented certificates name.
const FEW: usize = 16;

impl Anchors {
    pub(crate) fn new(
        anchors: &[CertificateDer<'static>],
        policy: &VerifierPolicy,
        algorithms: &SignatureAlgorithms,
    ) -> Self {
        let mut named = Vec::with_capacity(anchors.len());
        let mut unusable = Vec::new();
        for (index, der) in anchors.iter().enumerate() {
            match anchor_facts::examine(index, der, policy, algorithms) {
                Ok((subject, anchor, facts)) => named.push((subject, (anchor, facts))),
                Err(anchor) => unusable.push(anchor),
            }
        }
        named.sort_by(|a, b| a.0.cmp(&b.0));
        let (names, anchors): (_, Vec<_>) = named.into_iter().unzip();
        let (webpki, facts) = anchors.into_iter().unzip();
        Self {
            names,
            webpki,
            facts,
            unusable,
        }
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
        let never = self.unusable.iter().map(|(_, anchor)| (**anchor).clone());
        let now = self
            .facts
            .iter()
            .filter_map(move |facts| facts.unusable(side, time));
        never.chain(now)
    }

    /// Returns why an anchor with this name is unusable.
    pub(crate) fn unusable_named(&self, subject: &[u8]) -> Option<&UnusableTrustAnchor> {
        let subject = CanonicalName::of(subject);
        let mut unusable = self.unusable.iter();
        unusable.find_map(|(name, anchor)| (*name == subject).then_some(&**anchor))
    }

    /// Returns the anchors that a path through one of the `issuers` could lead to.
    pub(crate) fn candidates<'a>(
        &'a self,
        issuers: impl Iterator<Item = &'a [u8]>,
    ) -> Candidates<'a> {
        if self.webpki.len() <= FEW {
            return Candidates {
                webpki: Cow::Borrowed(&self.webpki),
                facts: self.facts.iter().collect(),
            };
        }
        let (mut webpki, mut facts) = (Vec::new(), Vec::new());
        let mut names: Vec<_> = issuers.map(CanonicalName::of).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            for (anchor, its_facts) in self.of(&name) {
                webpki.push(borrow(anchor));
                facts.push(its_facts);
            }
        }
        Candidates {
            webpki: Cow::Owned(webpki),
            facts,
        }
    }

    /// Returns the anchors with this subject (a `Name` with its header; RFC 5280, section 7.1).
    pub(crate) fn named(&self, subject: &[u8]) -> impl Iterator<Item = &AnchorFacts> {
        self.of(&CanonicalName::of(subject)).map(|(_, facts)| facts)
    }

    /// Returns the anchors that may have this subject: either name may be undecodable.
    pub(crate) fn that_may_be(&self, subject: &[u8]) -> impl Iterator<Item = &AnchorFacts> {
        let subject = CanonicalName::of(subject);
        let all = self.names.iter().zip(&self.facts);
        let may_be = move |(name, _): &(&CanonicalName, &AnchorFacts)| {
            **name == subject || !name.is_readable() || !subject.is_readable()
        };
        all.filter(may_be).map(|(_, facts)| facts)
    }

    fn of<'a>(
        &'a self,
        subject: &CanonicalName,
    ) -> impl Iterator<Item = (&'a TrustAnchor<'static>, &'a AnchorFacts)> + use<'a> {
        let start = self.names.partition_point(|name| name < subject);
        let rest = self.names.get(start..).unwrap_or_default();
        let count = rest.partition_point(|name| name == subject);
        self.webpki.iter().zip(&self.facts).skip(start).take(count)
    }
}

/// The anchors that a path may lead to.
pub(crate) struct Candidates<'a> {
    webpki: Cow<'a, [TrustAnchor<'a>]>,
    /// In the order of `webpki`.
    facts: Vec<&'a AnchorFacts>,
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
        let mut both = self.webpki.iter().zip(&self.facts);
        let Some((_, facts)) = both.find(|(a, _)| core::ptr::eq(*a, path.anchor())) else {
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
                Ok(*facts)
            },
        )
    }
}

fn borrow<'a>(anchor: &'a TrustAnchor<'static>) -> TrustAnchor<'a> {
    TrustAnchor {
        subject: anchor.subject.as_ref().into(),
        subject_public_key_info: anchor.subject_public_key_info.as_ref().into(),
        name_constraints: anchor.name_constraints.as_ref().map(|n| n.as_ref().into()),
    }
}
