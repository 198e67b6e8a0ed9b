//! Trust anchors, judged. webpki takes any certificate as an anchor and looks at neither its
//! validity, nor its CA flag, nor its path length (RFC 5280, section 6.1.1 leaves that to us).

use std::borrow::Cow;

use pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::VerifiedPath;

use crate::error::UnusableTrustAnchor;
use crate::policy::algorithms::SignatureAlgorithms;
use crate::policy::verdict::reason::RejectionReason;
use crate::policy::verdict::rejection::Rejection;
use crate::policy::verdict::rule::Rule;
use crate::policy::verification::VerificationContext;
use crate::policy::verifier_policy::VerifierPolicy;
use crate::side::Side;
use crate::x509::{CanonicalName, Certificate};

use super::anchor_facts::{self, AnchorFacts, Refused};

/// Anchors ready for use, sorted by subject so that a large set costs no more than a small one.
pub(crate) struct Anchors {
    /// The subjects, in order; those that cannot be decoded among them.
    names: Vec<CanonicalName>,
    /// In the order of `names`.
    webpki: Vec<TrustAnchor<'static>>,
    /// In the order of `names`.
    facts: Vec<AnchorFacts>,
    /// Those that no path may end in.
    unusable: Vec<Refused>,
}

/// So few anchors are handed over as they are; of more, only those that a presented certificate
/// names.
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
            match anchor_facts::judge(index, der, policy, algorithms) {
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

    /// How many were given.
    pub(crate) fn count(&self) -> usize {
        self.facts.len().saturating_add(self.unusable.len())
    }

    /// Those that cannot vouch, as far as is asked: for peers in this side, at this time.
    pub(crate) fn unusable(
        &self,
        side: Option<Side>,
        now: Option<UnixTime>,
    ) -> impl Iterator<Item = UnusableTrustAnchor> {
        let never = self.unusable.iter().map(|(_, anchor)| (**anchor).clone());
        let now = self
            .facts
            .iter()
            .filter_map(move |facts| facts.unusable(side, now));
        never.chain(now)
    }

    /// What keeps an anchor of this name from vouching for anyone.
    pub(crate) fn unusable_named(&self, subject: &[u8]) -> Option<&UnusableTrustAnchor> {
        let subject = CanonicalName::of(subject);
        let mut unusable = self.unusable.iter();
        unusable.find_map(|(name, anchor)| (*name == subject).then_some(&**anchor))
    }

    /// The anchors that could end a path from one of the `issuers`.
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

    /// The anchors with this subject (a `Name` with its header; RFC 5280, section 7.1).
    pub(crate) fn named(&self, subject: &[u8]) -> impl Iterator<Item = &AnchorFacts> {
        self.of(&CanonicalName::of(subject)).map(|(_, facts)| facts)
    }

    /// The anchors with this subject, and those with one that cannot be decoded, here or there.
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

/// Anchors that a path may end in.
pub(crate) struct Candidates<'a> {
    webpki: Cow<'a, [TrustAnchor<'a>]>,
    /// In the order of `webpki`.
    facts: Vec<&'a AnchorFacts>,
}

impl<'a> Candidates<'a> {
    pub(crate) fn as_slice(&self) -> &[TrustAnchor<'a>] {
        &self.webpki
    }

    /// Judges the anchor that a path ends in, whose last certificate below it is `child`, with so
    /// many intermediates that are not self-issued.
    ///
    /// It is this anchor and no other of its name and key: webpki proposes those as well, and has
    /// held the path to the name constraints of this one.
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
