//! The revocation status of one certificate, by the lists of its issuer.

use super::list_verdict::{ListVerdict, VerdictBasis, revoked_by};
use super::shortfall::Shortfall;
use super::state::Revocation;
use crate::policy::revocation_rules::{StaleLists, UnknownStatus};
use crate::policy::trust::anchors::Anchors;
use crate::policy::verdict::explanation::Trace;
use crate::policy::verdict::reason::RejectionReason;
use crate::policy::verdict::rejection::{Rejection, rfc3339};
use crate::policy::verdict::rule::Rule;
use crate::x509::{Certificate, Reasons, rfc4514};

/// The most lists in a rejection.
const MAX_NAMED_LISTS: usize = 8;

/// Checks the status of certificates in one verification.
#[derive(Clone, Copy)]
pub(super) struct StatusCheck<'a> {
    pub(super) revocation: &'a Revocation,
    pub(super) basis: VerdictBasis<'a>,
    pub(super) trace: &'a Trace,
}

/// The status of a certificate that is not rejected.
enum Status {
    Good,
    UnknownAndAllowed,
}

impl StatusCheck<'_> {
    /// Checks one certificate; `index` is `None` for a trust anchor.
    pub(super) fn certificate(
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
            let verdict = self.trace.step(
                || ListVerdict::of(list, certificate, issuer, &self.basis),
                |verdict| verdict.step(list),
            );
            nearest = nearest.max(Shortfall::of(&verdict).unwrap_or(nearest));
            match verdict {
                ListVerdict::Revokes(revoked) => {
                    return Err(about(
                        RejectionReason::Revoked,
                        index,
                        certificate,
                        revoked_by(list, revoked),
                    ));
                }
                ListVerdict::Current(reasons) => current = current.or(reasons),
                ListVerdict::Stale(reasons) if rules.stale == StaleLists::Allow => {
                    current = current.or(reasons);
                }
                ListVerdict::Stale(reasons) => {
                    outdated = outdated.or(reasons);
                    outdated_by = Shortfall::Stale;
                }
                ListVerdict::Early(reasons) => outdated = outdated.or(reasons),
                ListVerdict::IssuerMayNotSign
                | ListVerdict::OutOfScope(_)
                | ListVerdict::OtherKey(_) => {}
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
            rfc3339(self.basis.time.now)
        );
        let presented = self.all_verdicts(certificate, issuer);
        Err(about(reason, index, certificate, presented)
            .with_expected(expected)
            .with_hint(shortfall.hint(index == Some(0))))
    }

    /// Describes the fault of each list of the issuer.
    fn all_verdicts(&self, certificate: &Certificate<'_>, issuer: &Certificate<'_>) -> String {
        let lists = &self.revocation.lists;
        let verdicts: Vec<String> = lists
            .of(certificate.issuer)
            .take(MAX_NAMED_LISTS)
            .map(|list| list.describe(&ListVerdict::of(list, certificate, issuer, &self.basis)))
            .collect();
        if verdicts.is_empty() {
            format!("none among the {} that were given", lists.count())
        } else {
            verdicts.join("; ")
        }
    }

    /// Checks the anchors above the one of the path.
    ///
    /// A trusted intermediate ends the path, but its issuer, if that is an anchor too, may have
    /// revoked it. An anchor that issued itself is not checked, nor one whose issuer is not an
    /// anchor.
    pub(super) fn anchors_above(
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
            let Ok(issuer) = Certificate::from_der(facts.der()) else {
                continue;
            };
            let signed = self
                .basis
                .algorithms
                .verify(certificate, &issuer.public_key);
            if signed.is_ok() {
                let basis = VerdictBasis {
                    anchor: facts.certificate(),
                    ..self.basis
                };
                StatusCheck { basis, ..*self }.certificate(None, certificate, &issuer)?;
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
