use pki_types::{CertificateDer, UnixTime};

use super::rotation::Rotation;
use super::source::baseline::SourceBaseline;
use crate::backend::SessionVerifier;
use crate::crypto::sha256;
use crate::error::{TrustAnchorProblem, UnusableTrustAnchor};
use crate::material::{
    IdentityWarning, MtlsIdentity, RevocationList, RevocationLists, TrustAnchors,
};
use crate::peer::cut;
use crate::policy::{AnchorExpiry, FullChainRule, Trust, VerificationTime, VerifierPolicy};
use crate::x509::{Certificate, rfc4514};

/// The parts of a revision.
#[derive(Clone, Debug)]
pub(crate) struct RevisionParts {
    pub(crate) identity: MtlsIdentity,
    pub(crate) trust: Trust,
    pub(crate) revocation_lists: Option<RevocationLists>,
    pub(crate) policy: VerifierPolicy,
    pub(crate) shadow: Option<VerifierPolicy>,
}

/// Where a rotation comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RotationOrigin {
    ByHand,
    BySource,
}

/// When something expires, with the subject or issuer it belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Expiry {
    pub(crate) subject: String,
    pub(crate) from: UnixTime,
    pub(crate) until: UnixTime,
}

/// The earliest expiry of each kind, computed once for each revision.
#[derive(Clone, Debug)]
pub(super) struct Expiries {
    pub(super) identity: Option<Expiry>,
    pub(super) anchors: Option<Expiry>,
    pub(super) lists: Option<Expiry>,
    /// When the oldest revocation list was issued.
    pub(super) lists_updated: Option<UnixTime>,
}

impl From<AnchorExpiry> for Expiry {
    fn from(anchor: AnchorExpiry) -> Self {
        let AnchorExpiry {
            subject,
            from,
            until,
        } = anchor;
        Self {
            subject,
            from,
            until,
        }
    }
}

impl RevisionParts {
    /// Returns these parts with the changes of a rotation; `None` if it changes nothing.
    ///
    /// Lists belong to revocation rules. Without rules the lists are dropped; with rules again, the
    /// lists that the source gave last are used.
    pub(super) fn changed_by(
        &self,
        mut rotation: Rotation,
        given: &SourceBaseline,
        is_given: RotationOrigin,
    ) -> Option<Self> {
        let asks = |policy: Option<&VerifierPolicy>| {
            policy.is_some_and(VerifierPolicy::has_revocation_rules)
        };
        let has_rules = asks(rotation.policy.as_ref().or(Some(&self.policy)))
            || asks(rotation.shadow.as_ref().or(self.shadow.as_ref()));
        // A source reports everything it has, but a list without rules given by hand is an error of
        // the caller, which the builder's check reports.
        if !has_rules && is_given == RotationOrigin::BySource {
            rotation.revocation_lists = None;
        }
        let changes = rotation.without(
            Some(&self.identity),
            Some(&self.trust),
            self.revocation_lists.as_ref(),
            Some(&self.policy),
            self.shadow.as_ref(),
        );
        if changes.is_empty() {
            return None;
        }
        let policy = changes.policy.unwrap_or_else(|| self.policy.clone());
        let shadow = changes.shadow.or_else(|| self.shadow.clone());
        let kept = if has_rules {
            self.revocation_lists.as_ref().or(given.revocation_lists())
        } else {
            None
        };
        Some(Self {
            identity: changes.identity.unwrap_or_else(|| self.identity.clone()),
            trust: changes.trust.unwrap_or_else(|| self.trust.clone()),
            revocation_lists: changes.revocation_lists.or(kept.cloned()),
            policy,
            shadow,
        })
    }

    /// Each certificate of our own chain: its index, its subject, and its validity.
    pub(super) fn identity_validity(
        &self,
    ) -> impl Iterator<Item = (usize, String, UnixTime, UnixTime)> {
        certificates(self.identity.chain().as_slice())
            .enumerate()
            .map(|(index, c)| (index, rfc4514(c.subject), c.not_before, c.not_after))
    }

    /// Returns the first certificate of our own chain that is not valid at this time.
    pub(crate) fn outside_validity(&self, at: UnixTime) -> Option<IdentityWarning> {
        let mut all = self.identity_validity();
        let is_outside = |not_before, not_after| at < not_before || at > not_after;
        let (index, subject, not_before, not_after) =
            all.find(|(_, _, not_before, not_after)| is_outside(*not_before, *not_after))?;
        Some(IdentityWarning::OutsideValidity {
            index,
            subject,
            not_before,
            not_after,
            at,
        })
    }

    pub(super) fn expiries(&self, verifier: &SessionVerifier) -> Expiries {
        Expiries {
            identity: first(self.identity.chain().as_slice()),
            anchors: verifier
                .verifiers()
                .0
                .first_anchor_expiry()
                .map(Expiry::from),
            lists: self.first_list(),
            lists_updated: self.oldest_list(),
        }
    }

    pub(super) fn certificate_sha256(&self) -> [u8; 32] {
        sha256(self.identity.chain().leaf())
    }

    /// Returns the part of the policies that needs the whole chain, and not the leaf alone.
    pub(crate) fn requires_full_chain(&self) -> Option<FullChainRule> {
        let shadow = || self.shadow.as_ref()?.requires_full_chain();
        self.policy.requires_full_chain().or_else(shadow)
    }

    /// Returns the time closest to `now` at which our whole chain is valid.
    pub(super) fn identity_valid_near(&self, now: UnixTime) -> UnixTime {
        self.identity_validity()
            .fold(now, |then, (_, _, from, until)| then.max(from).min(until))
    }

    /// Returns the last second in which our whole chain is valid.
    pub(crate) fn identity_valid_until(&self) -> Option<UnixTime> {
        Some(first(self.identity.chain().as_slice())?.until)
    }

    fn first_list(&self) -> Option<Expiry> {
        let lists = self.revocation_lists.as_ref()?;
        let first = lists.iter().min_by_key(|list| list.next_update())?;
        Some(Expiry {
            subject: first.issuer(),
            from: first.this_update(),
            until: first.next_update(),
        })
    }

    /// Returns the `danger_` settings of the policy that the previous one did not have.
    pub(super) fn relaxed_since(&self, previous: &Self) -> Vec<&'static str> {
        let was = |setting: &&str| previous.policy.relaxed_rules().any(|had| had == *setting);
        let rules = self.policy.relaxed_rules();
        rules.filter(|setting| !was(setting)).collect()
    }

    fn oldest_list(&self) -> Option<UnixTime> {
        let lists = self.revocation_lists.as_ref()?;
        lists.iter().map(RevocationList::this_update).min()
    }

    /// Returns the trust anchors with their dates if every one is outside its validity.
    pub(crate) fn anchors_outside_validity(
        &self,
        time: VerificationTime,
    ) -> Option<Vec<UnusableTrustAnchor>> {
        let bundles: Vec<(Option<&str>, &TrustAnchors)> = match &self.trust {
            Trust::Anchors(anchors) => vec![(None, anchors)],
            Trust::Bundles(bundles) => bundles.iter().map(|(d, a)| (Some(d), a)).collect(),
        };
        let mut outside = Vec::new();
        for (domain, anchors) in bundles {
            for (index, anchor) in anchors.as_slice().iter().enumerate() {
                let Ok(anchor) = Certificate::from_der(anchor) else {
                    continue;
                };
                let (not_before, not_after) = (anchor.not_before, anchor.not_after);
                if time.is_within(not_before, not_after) {
                    return None;
                }
                outside.push(UnusableTrustAnchor {
                    index,
                    trust_domain: domain.map(str::to_owned),
                    subject: cut(&rfc4514(anchor.subject)).into_owned(),
                    problem: TrustAnchorProblem::OutsideValidity {
                        not_before,
                        not_after,
                        at: time.now,
                    },
                });
            }
        }
        Some(outside)
    }
}

fn first<'a>(chain: impl IntoIterator<Item = &'a CertificateDer<'static>>) -> Option<Expiry> {
    let first = certificates(chain).min_by_key(|certificate| certificate.not_after)?;
    Some(Expiry {
        subject: rfc4514(first.subject),
        from: first.not_before,
        until: first.not_after,
    })
}

/// Parses certificates that were validated when they were loaded.
fn certificates<'a>(
    chain: impl IntoIterator<Item = &'a CertificateDer<'static>>,
) -> impl Iterator<Item = Certificate<'a>> {
    chain
        .into_iter()
        .filter_map(|der| Certificate::from_der(der).ok())
}
