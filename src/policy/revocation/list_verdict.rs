//! The verdict of one list on one certificate.

use super::lists::{Anchor, List};
use crate::material::RevokedEntry;
use crate::policy::revocation_rules::{RevocationRules, UnnamedPoint};
use crate::policy::signature::{SignatureAlgorithms, SignatureProblem};
use crate::policy::verdict::explanation::{ExplanationStep, StepOutcome};
use crate::policy::verdict::rejection::rfc3339;
use crate::policy::verdict::rule::Rule;
use crate::policy::verification::VerificationTime;
use crate::x509::pkix::KeyUsages;
use crate::x509::{Certificate, Exclusion, Reasons};

/// The inputs of a verdict besides the certificate and its issuer.
#[derive(Clone, Copy)]
pub(super) struct VerdictBasis<'a> {
    pub(super) rules: &'a RevocationRules,
    pub(super) algorithms: &'a SignatureAlgorithms,
    /// The trust anchor of the issuer's path.
    pub(super) anchor: &'a Anchor,
    pub(super) time: VerificationTime,
}

/// The verdict of a list that has the name of the certificate's issuer.
pub(super) enum ListVerdict {
    /// The list does not contain the certificate, and proves it good for these reasons.
    Current(Reasons),
    /// As `Current`, but before its `thisUpdate`.
    Early(Reasons),
    /// The issuer has a keyUsage without cRLSign.
    IssuerMayNotSign,
    /// The issuer's key on the path did not sign the list.
    OtherKey(SignatureProblem),
    /// The list covers other certificates.
    OutOfScope(Exclusion),
    /// The list contains the certificate.
    Revokes(RevokedEntry),
    /// As `Current`, but past its `nextUpdate`.
    Stale(Reasons),
}

impl ListVerdict {
    pub(super) fn of(
        list: &List,
        certificate: &Certificate<'_>,
        issuer: &Certificate<'_>,
        basis: &VerdictBasis<'_>,
    ) -> Self {
        if let Err(problem) = list.check_signature(&issuer.public_key, basis.algorithms) {
            return Self::OtherKey(problem);
        }
        list.record_proving_anchor(basis.anchor);
        let content = list.content();
        // First, because no limit to what a list can prove is a limit to what it can revoke.
        if let Some(revoked) = content.find(certificate.serial) {
            return Self::Revokes(revoked);
        }
        if !may_sign_lists(issuer) {
            return Self::IssuerMayNotSign;
        }
        let unnamed = basis.rules.unnamed == UnnamedPoint::All;
        let reasons = match content.scope().reasons_for(certificate, unnamed) {
            Ok(reasons) => reasons,
            Err(exclusion) => return Self::OutOfScope(exclusion),
        };
        if basis.time.is_before(content.this_update()) {
            Self::Early(reasons)
        } else if basis.time.is_after(content.next_update()) {
            Self::Stale(reasons)
        } else {
            Self::Current(reasons)
        }
    }

    pub(super) fn step(&self, list: &List) -> ExplanationStep {
        ExplanationStep {
            rule: Rule::Revocation,
            certificate: None,
            outcome: match self {
                Self::Current(_) => StepOutcome::Passed,
                Self::OtherKey(_) | Self::OutOfScope(_) => StepOutcome::NotApplied,
                Self::Early(_) | Self::IssuerMayNotSign | Self::Revokes(_) | Self::Stale(_) => {
                    StepOutcome::Failed
                }
            },
            detail: list.describe(self),
            steps: Vec::new(),
        }
    }
}

impl List {
    pub(super) fn describe(&self, verdict: &ListVerdict) -> String {
        let content = self.content();
        let said = match verdict {
            ListVerdict::Current(reasons) if *reasons != Reasons::ALL => {
                "does not list the certificate, but covers some reasons only".to_owned()
            }
            ListVerdict::Current(_) => "does not list the certificate".to_owned(),
            ListVerdict::Early(_) => {
                let begin = rfc3339(content.this_update());
                format!("is not valid before {begin}; compare the clocks")
            }
            ListVerdict::IssuerMayNotSign => "its issuer has a keyUsage without cRLSign".to_owned(),
            ListVerdict::OtherKey(problem) => {
                format!("not signed by the issuer of this certificate: {problem}")
            }
            ListVerdict::OutOfScope(exclusion) => describe(*exclusion).to_owned(),
            ListVerdict::Revokes(revoked) => return revoked_by(self, *revoked),
            ListVerdict::Stale(_) => {
                format!("is stale since {}", rfc3339(content.next_update()))
            }
        };
        format!("{self}: {said}")
    }
}

fn describe(exclusion: Exclusion) -> &'static str {
    match exclusion {
        Exclusion::Ca => "is about user certificates only",
        Exclusion::NoPoint => "is of a distribution point, and the certificate names none",
        Exclusion::NotCa => "is about CA certificates only",
        Exclusion::OtherPoint => "is of a distribution point that the certificate does not name",
    }
}

/// Returns whether the issuer may sign lists; without a keyUsage every use is allowed (RFC 5280,
/// section 6.3.3, (f)).
fn may_sign_lists(issuer: &Certificate<'_>) -> bool {
    match issuer.key_usage() {
        Ok(None) => true,
        Ok(Some(usage)) => usage.0.contains(KeyUsages::CRLSign),
        Err(_) => false,
    }
}

pub(super) fn revoked_by(list: &List, revoked: RevokedEntry) -> String {
    format!(
        "revoked at {} ({}) by {list}",
        rfc3339(revoked.date()),
        revoked.reason()
    )
}
