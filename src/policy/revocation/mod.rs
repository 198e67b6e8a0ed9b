//! Revocation of the certificates of an authenticated path (RFC 5280, section 6.3).
//!
//! Every list of a certificate's issuer counts, in any order:
//!
//! - A list belongs to the issuer if it has the issuer's name and its signature verifies with the
//!   issuer's key *of the authenticated path*.
//! - Such a list **always revokes** what it lists, even if it is stale, covers other certificates,
//!   has a lower CRL number than another, or is signed by an issuer without cRLSign. An issuer uses
//!   a serial number once, so no such list is wrong about a good certificate. Ignoring a list would
//!   accept a peer that another choice of lists, or of the path, rejects. A lifted hold, or an
//!   entry that was dropped after its certificate had expired, is no reason to weaken this: remove
//!   the old list instead.
//! - It **proves a certificate good** only if it is also current, covers this certificate (RFC
//!   5280, section 6.3.3, (b)), and its issuer may sign lists ((f)). Lists for some reasons prove
//!   it together, if they cover all.
//!
//! Otherwise the status is unknown, or stale if only older lists exist; both reject.

pub(super) mod continuity;
mod list_verdict;
mod list_version;
mod lists;
pub(crate) mod regression;
mod shortfall;
mod state;
mod status_check;

use super::presented_chain::PresentedChain;
use super::revocation_rules::RevocationDepth;
use super::trust::anchors::Anchors;
use super::verdict::reason::RejectionReason;
use super::verdict::rejection::Rejection;
use super::verdict::rule::Rule;
use super::verification::VerificationContext;
use crate::peer::ProvedPath;
use crate::x509::Certificate;
use list_verdict::VerdictBasis;
pub(super) use state::Revocation;
use status_check::StatusCheck;

/// The most anchors checked above the one of the path; real hierarchies are shorter.
const MAX_ANCHORS_ABOVE: usize = 8;
/// The most unclaimed lists in an explanation.
const MAX_NAMED_LISTS: usize = 8;

/// Checks the revocation of an otherwise valid path, if the policy has rules.
///
/// Each path that webpki proposes is checked, so that the verdict does not depend on the order of
/// the certificates. If one certificate of a CA is revoked and another, by another issuer, is not,
/// then the path through the other is valid (RFC 5280, section 6.1, validates paths, not keys).
/// This evades nothing: a list covers the certificates below by the name and key of their issuer,
/// which are the same on both paths.
pub(super) fn check(
    revocation: Option<&Revocation>,
    anchors: &Anchors,
    context: &VerificationContext<'_>,
    presented: &PresentedChain<'_>,
    path: &ProvedPath,
) -> Result<(), Rejection> {
    match revocation {
        Some(revocation) => check_lists(revocation, anchors, context, presented, path),
        None => {
            context
                .trace
                .not_applied(Rule::Revocation, || "the policy has no rules".to_owned());
            Ok(())
        }
    }
}

/// Checks the certificates of an otherwise valid path, and records unclaimed lists in the trace.
fn check_lists(
    revocation: &Revocation,
    anchors: &Anchors,
    context: &VerificationContext<'_>,
    presented: &PresentedChain<'_>,
    path: &ProvedPath,
) -> Result<(), Rejection> {
    let verdict = check_path(revocation, anchors, context, presented, path);
    if context.trace.is_on() {
        for list in revocation.lists.unclaimed().take(MAX_NAMED_LISTS) {
            let said = || format!("{list}: {}", list.unclaimed_in_words());
            context.trace.not_applied(Rule::Revocation, said);
        }
    }
    verdict
}

fn check_path(
    revocation: &Revocation,
    anchors: &Anchors,
    context: &VerificationContext<'_>,
    presented: &PresentedChain<'_>,
    path: &ProvedPath,
) -> Result<(), Rejection> {
    let check = StatusCheck {
        revocation,
        basis: VerdictBasis {
            rules: &revocation.rules,
            algorithms: context.algorithms,
            anchor: &path.anchor,
            time: context.time,
        },
        trace: context.trace,
    };
    let anchor = Certificate::from_der(&path.anchor)
        .map_err(|_| Rejection::new(RejectionReason::MalformedCertificate))?;
    let mut certificate = (0, presented.leaf()?);
    for index in &path.intermediates {
        let issuer = presented.certificates.iter().find(|(i, _)| i == index);
        let Some((_, issuer)) = issuer else {
            return Err(Rejection::new(RejectionReason::MalformedCertificate));
        };
        check.certificate(Some(certificate.0), certificate.1, issuer)?;
        if revocation.rules.depth == RevocationDepth::Leaf {
            return Ok(());
        }
        certificate = (*index, issuer);
    }
    check.certificate(Some(certificate.0), certificate.1, &anchor)?;
    match revocation.rules.depth {
        RevocationDepth::Chain => check.anchors_above(&anchor, anchors, MAX_ANCHORS_ABOVE),
        RevocationDepth::Leaf => Ok(()),
    }
}
