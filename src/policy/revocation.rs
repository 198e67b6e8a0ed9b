//! Whether a certificate of a proved path was revoked (RFC 5280, section 6.3).
//!
//! Every list of a certificate's issuer counts, in whatever order they were given:
//!
//! - A list is the issuer's when it has the issuer's name and its signature verifies with the
//!   issuer's key *of the proved path*.
//! - Such a list **always revokes** what it lists: be it stale, about other certificates,
//!   superseded by one with a higher CRL number, or signed by an issuer without cRLSign. A serial
//!   number is used once by an issuer, so that no such list says anything wrong about a certificate
//!   in order; and whoever passed over one of them would let in a peer that another choice of
//!   lists, or of the path, keeps out. A hold that was lifted, or an entry that was dropped after
//!   its certificate had expired, is no reason to weaken this: take the old list away.
//! - It **proves a certificate good** only when it is more than that: current, about this
//!   certificate (RFC 5280, section 6.3.3, (b)), and its issuer may sign lists ((f)). Lists for
//!   some reasons prove it together, when they cover all.
//!
//! Where neither is the case the status is unknown, or stale where older lists are all there is;
//! both refuse.

mod lists;
mod rules;
mod shortfall;
mod standing;
pub(super) mod succession;

use std::sync::Arc;

use pki_types::UnixTime;

use super::algorithms::SignatureAlgorithms;
use super::anchor::Anchors;
use super::explanation::Trace;
use super::judgement::Judgement;
use super::presented::Presented;
use super::reason::RejectionReason;
use super::rejection::{Rejection, rfc3339};
use super::rule::Rule;
use crate::material::{RevocationList, RevocationLists, Revoked};
use crate::peer::ProvedPath;
use crate::x509::{Certificate, Reasons, rfc4514};

use lists::{Anchor, List, Lists};
pub use rules::{RevocationDepth, RevocationRules};
use rules::{StaleLists, UnknownStatus};
use shortfall::Shortfall;
use standing::Standing;
use succession::Gone;

/// So many anchors above the one that ends a path are asked about. Nobody builds longer lines of
/// them.
const MAX_ANCHORS_ABOVE: usize = 8;
/// So many lists are named in a refusal.
const MAX_NAMED_LISTS: usize = 8;

/// Rules, and the lists to judge by; none of them leaves every status unknown.
pub(super) struct Revocation {
    rules: RevocationRules,
    lists: Lists,
    /// Lists of revisions before this one that are not there any more.
    gone: Gone,
}

/// Judges a path that is in order otherwise, where the policy has rules.
///
/// Each path that webpki proposes is judged, so that the verdict does not depend on the order of
/// the certificates: where a CA's certificate by one issuer is revoked and that by another is not,
/// the path by the other is valid (RFC 5280, section 6.1, judges paths, not keys). Nothing is
/// evaded by that. What a list says of the certificates below hangs on name and key of their
/// issuer, which are the same on both paths.
pub(super) fn check(
    judgement: &Judgement<'_>,
    presented: &Presented<'_>,
    path: &ProvedPath,
) -> Result<(), Rejection> {
    match judgement.revocation {
        Some(revocation) => revocation.check(judgement, presented, path),
        None => {
            judgement
                .trace
                .not_applied(Rule::Revocation, || "the policy has no rules".to_owned());
            Ok(())
        }
    }
}

impl Revocation {
    pub(super) fn new(rules: RevocationRules) -> Self {
        Self {
            rules,
            lists: Lists::none(),
            gone: Gone::default(),
        }
    }

    /// Judges by these lists. The signatures of those that an anchor signed are verified now, since
    /// it takes long.
    pub(super) fn with_lists<'a>(
        self,
        lists: &RevocationLists,
        anchors: impl Iterator<Item = &'a Anchors>,
        algorithms: &SignatureAlgorithms,
    ) -> Self {
        let lists = Lists::new(lists);
        for anchors in anchors {
            lists.prove_by_anchors(anchors, algorithms);
        }
        Self { lists, ..self }
    }

    /// Lists that neither a trust anchor nor a CA of a proved path signed so far.
    pub(super) fn unclaimed(&self) -> impl Iterator<Item = &Arc<RevocationList>> {
        self.lists.unclaimed().map(List::shared_content)
    }

    /// Judges the certificates of a path that is in order otherwise.
    fn check(
        &self,
        judgement: &Judgement<'_>,
        presented: &Presented<'_>,
        path: &ProvedPath,
    ) -> Result<(), Rejection> {
        let verdict = self.check_path(judgement, presented, path);
        if judgement.trace.is_on() {
            for list in self.lists.unclaimed().take(MAX_NAMED_LISTS) {
                let said = || format!("{list}: {}", list.unclaimed_in_words());
                judgement.trace.not_applied(Rule::Revocation, said);
            }
        }
        verdict
    }

    fn check_path(
        &self,
        judgement: &Judgement<'_>,
        presented: &Presented<'_>,
        path: &ProvedPath,
    ) -> Result<(), Rejection> {
        let judge = Judge {
            revocation: self,
            algorithms: judgement.algorithms,
            anchor: &path.anchor,
            now: judgement.now,
            trace: judgement.trace,
        };
        let anchor = Certificate::from_der(&path.anchor)
            .map_err(|_| Rejection::new(RejectionReason::MalformedCertificate))?;
        let mut certificate = (0, presented.leaf()?);
        for index in &path.intermediates {
            let issuer = presented.certificates.iter().find(|(i, _)| i == index);
            let Some((_, issuer)) = issuer else {
                return Err(Rejection::new(RejectionReason::MalformedCertificate));
            };
            judge.certificate(Some(certificate.0), certificate.1, issuer)?;
            if self.rules.depth == RevocationDepth::Leaf {
                return Ok(());
            }
            certificate = (*index, issuer);
        }
        judge.certificate(Some(certificate.0), certificate.1, &anchor)?;
        match self.rules.depth {
            RevocationDepth::Chain => {
                judge.anchors_above(&anchor, judgement.anchors, MAX_ANCHORS_ABOVE)
            }
            RevocationDepth::Leaf => Ok(()),
        }
    }
}

/// One judgement.
#[derive(Clone, Copy)]
struct Judge<'a> {
    revocation: &'a Revocation,
    algorithms: &'a SignatureAlgorithms,
    /// Vouches for the issuer that is asked.
    anchor: &'a Anchor,
    now: UnixTime,
    trace: &'a Trace,
}

/// What came out for one certificate that is not refused.
enum Status {
    Good,
    UnknownAndAllowed,
}

impl Judge<'_> {
    /// `index` is `None` for a trust anchor.
    fn certificate(
        &self,
        index: Option<usize>,
        certificate: &Certificate<'_>,
        issuer: &Certificate<'_>,
    ) -> Result<(), Rejection> {
        let about = index.map(|index| (index, certificate));
        let seen = |status: &Status| {
            let status = match status {
                Status::Good => "not revoked",
                Status::UnknownAndAllowed => "unknown, which the policy allows",
            };
            match index {
                Some(_) => status.to_owned(),
                None => format!("trust anchor {}: {status}", rfc4514(certificate.subject)),
            }
        };
        let status = || self.status(index, certificate, issuer);
        self.trace
            .check(Rule::Revocation, about, seen, status)
            .map(drop)
    }

    fn status(
        &self,
        index: Option<usize>,
        certificate: &Certificate<'_>,
        issuer: &Certificate<'_>,
    ) -> Result<Status, Rejection> {
        let rules = &self.revocation.rules;
        let (mut current, mut outdated) = (Reasons::NONE, Reasons::NONE);
        let mut nearest = Shortfall::NoList;
        let mut outdated_by = Shortfall::Early;
        for list in self.revocation.lists.of(certificate.issuer) {
            let standing = self.trace.step(
                || Standing::of(list, certificate, issuer, self),
                |standing| standing.step(list),
            );
            nearest = nearest.max(Shortfall::of(&standing).unwrap_or(nearest));
            match standing {
                Standing::Revokes(revoked) => {
                    return Err(about(
                        RejectionReason::Revoked,
                        index,
                        certificate,
                        revoked_by(list, revoked),
                    ));
                }
                Standing::Current(reasons) => current = current.or(reasons),
                Standing::Stale(reasons) if rules.stale == StaleLists::Allow => {
                    current = current.or(reasons);
                }
                Standing::Stale(reasons) => {
                    outdated = outdated.or(reasons);
                    outdated_by = Shortfall::Stale;
                }
                Standing::Early(reasons) => outdated = outdated.or(reasons),
                Standing::IssuerMayNotSign | Standing::OutOfScope(_) | Standing::OtherKey(_) => {}
            }
        }
        if current == Reasons::ALL {
            return Ok(Status::Good);
        }
        let (reason, shortfall) = if current.or(outdated) == Reasons::ALL {
            (RejectionReason::RevocationListStale, outdated_by)
        } else if rules.unknown == UnknownStatus::Allow {
            return Ok(Status::UnknownAndAllowed);
        } else {
            (RejectionReason::RevocationStatusUnknown, nearest)
        };
        let expected = format!(
            "a current revocation list of {} at {}",
            rfc4514(certificate.issuer),
            rfc3339(self.now)
        );
        let presented = self.all_standings(certificate, issuer);
        Err(about(reason, index, certificate, presented)
            .with_expected(expected)
            .with_hint(shortfall.hint(index == Some(0))))
    }

    /// What is wrong with each list of the issuer.
    fn all_standings(&self, certificate: &Certificate<'_>, issuer: &Certificate<'_>) -> String {
        let lists = &self.revocation.lists;
        let standings: Vec<String> = lists
            .of(certificate.issuer)
            .take(MAX_NAMED_LISTS)
            .map(|list| list.describe(&Standing::of(list, certificate, issuer, self)))
            .collect();
        match standings.is_empty() {
            true => format!("none among the {} that were given", lists.count()),
            false => standings.join("; "),
        }
    }

    /// An intermediate that is trusted by itself ends the path, though its issuer, where that is an
    /// anchor too, may have revoked it. An anchor that issued itself is not asked about, nor one
    /// whose issuer is no anchor.
    fn anchors_above(
        &self,
        certificate: &Certificate<'_>,
        anchors: &Anchors,
        most: usize,
    ) -> Result<(), Rejection> {
        let Some(most) = most.checked_sub(1) else {
            return Ok(());
        };
        if certificate.is_self_issued() {
            return Ok(());
        }
        for facts in anchors.named(certificate.issuer) {
            let Ok(issuer) = Certificate::from_der(facts.certificate()) else {
                continue;
            };
            let signed = self.algorithms.verify(certificate, &issuer.public_key);
            if signed.is_ok() {
                let anchor = facts.certificate();
                Judge { anchor, ..*self }.certificate(None, certificate, &issuer)?;
                return self.anchors_above(&issuer, anchors, most);
            }
        }
        Ok(())
    }
}

fn about(
    reason: RejectionReason,
    index: Option<usize>,
    certificate: &Certificate<'_>,
    presented: String,
) -> Rejection {
    let rejection = Rejection::new(reason);
    match index {
        Some(index) => rejection
            .about(index, certificate)
            .with_presented(presented),
        None => rejection.with_presented(format!(
            "trust anchor {}: {presented}",
            rfc4514(certificate.subject)
        )),
    }
}

fn revoked_by(list: &List, revoked: Revoked) -> String {
    format!(
        "revoked at {} ({}) by {list}",
        rfc3339(revoked.date()),
        revoked.reason()
    )
}
