//! Trust anchors, judged. webpki takes any certificate as an anchor and looks at neither its validity, nor its CA
//! flag, nor its path length (RFC 5280, section 6.1.1 leaves that to us).

mod facts;

use std::borrow::Cow;

use pki_types::{CertificateDer, TrustAnchor};
use webpki::VerifiedPath;

use super::judgement::Judgement;
use super::reason::RejectionReason;
use super::rejection::Rejection;
use super::rule::Rule;
use super::usage::Role;
use super::verifier_policy::VerifierPolicy;
use crate::error::BuildError;
use crate::x509::Certificate;

pub(super) use facts::{Facts, constrains_names};

/// Anchors ready for use, sorted by subject so that a large set costs no more than a small one.
pub(super) struct Anchors {
    webpki: Vec<TrustAnchor<'static>>,
    /// In the order of `webpki`.
    facts: Vec<Facts>,
}

/// So few anchors are handed over as they are; of more, only those that a presented certificate names.
const FEW: usize = 16;

impl Anchors {
    pub(super) fn new(
        anchors: &[CertificateDer<'static>],
        policy: &VerifierPolicy,
    ) -> Result<Self, BuildError> {
        let mut judged = Vec::with_capacity(anchors.len());
        for (index, der) in anchors.iter().enumerate() {
            judged.push(facts::judge(der, policy).map_err(|(subject, problem)| {
                BuildError::Anchor {
                    index,
                    subject,
                    problem,
                }
            })?);
        }
        judged.sort_by(|a, b| a.0.subject.as_ref().cmp(b.0.subject.as_ref()));
        let (webpki, facts) = judged.into_iter().unzip();
        Ok(Self { webpki, facts })
    }

    /// The anchors that could end a path from one of the `issuers`.
    pub(super) fn candidates<'a>(
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
        for issuer in issuers {
            let content = name_content(issuer);
            let is_there = |a: &TrustAnchor<'_>| a.subject.as_ref() == content;
            if webpki.iter().any(is_there) {
                continue;
            }
            let same = self
                .webpki
                .iter()
                .zip(&self.facts)
                .skip(self.first_of(content))
                .take_while(|(a, _)| is_there(a));
            for (anchor, its_facts) in same {
                webpki.push(borrow(anchor));
                facts.push(its_facts);
            }
        }
        Candidates {
            webpki: Cow::Owned(webpki),
            facts,
        }
    }

    /// The anchors with this subject (a `Name` with its header).
    pub(super) fn named<'a>(&'a self, subject: &[u8]) -> impl Iterator<Item = &'a Facts> {
        let content = name_content(subject);
        let start = self.first_of(content);
        self.webpki
            .iter()
            .zip(&self.facts)
            .skip(start)
            .take_while(move |(anchor, _)| anchor.subject.as_ref() == content)
            .map(|(_, facts)| facts)
    }

    /// The first thing that is wrong with one that is to vouch for servers.
    pub(super) fn flaw_for_servers(&self) -> Option<Rejection> {
        self.facts.iter().find_map(|f| f.flaw_for(Role::Server))
    }

    fn first_of(&self, subject: &[u8]) -> usize {
        self.webpki
            .partition_point(|a| a.subject.as_ref() < subject)
    }
}

/// Anchors that a path may end in.
pub(super) struct Candidates<'a> {
    webpki: Cow<'a, [TrustAnchor<'a>]>,
    /// In the order of `webpki`.
    facts: Vec<&'a Facts>,
}

impl<'a> Candidates<'a> {
    pub(super) fn as_slice(&self) -> &[TrustAnchor<'a>] {
        &self.webpki
    }

    /// Judges the anchor that a path ends in, whose last certificate below it is `child`.
    ///
    /// It is this anchor and no other of its name and key: webpki proposes those as well, and has held the path to the
    /// name constraints of this one.
    pub(super) fn check_end_of_path(
        &self,
        path: &VerifiedPath<'_>,
        child: (usize, &Certificate<'_>),
        judgement: &Judgement<'_>,
    ) -> Result<&'a Facts, Rejection> {
        let mut both = self.webpki.iter().zip(&self.facts);
        let Some((_, facts)) = both.find(|(a, _)| core::ptr::eq(*a, path.anchor())) else {
            return Err(Rejection::new(RejectionReason::UnknownIssuer));
        };
        // Self-issued certificates do not count (RFC 5280, section 4.2.1.9).
        let intermediates = path
            .intermediate_certificates()
            .filter(|c| c.subject() != c.issuer())
            .count();
        judgement.trace.check(
            Rule::TrustAnchor,
            None,
            |_| facts.in_words(),
            || {
                facts.check(judgement)?;
                facts.check_path_length(intermediates)?;
                facts.check_child(child, judgement.policy.profile)?;
                Ok(*facts)
            },
        )
    }
}

/// The content of a `Name` that is given with its header: how webpki keeps subjects.
fn name_content(name: &[u8]) -> &[u8] {
    use der::Decode;
    der::asn1::AnyRef::from_der(name).map_or(&[], |any| any.value())
}

fn borrow<'a>(anchor: &'a TrustAnchor<'static>) -> TrustAnchor<'a> {
    TrustAnchor {
        subject: anchor.subject.as_ref().into(),
        subject_public_key_info: anchor.subject_public_key_info.as_ref().into(),
        name_constraints: anchor.name_constraints.as_ref().map(|n| n.as_ref().into()),
    }
}
