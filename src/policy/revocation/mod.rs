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

pub(super) mod continuity;
mod list_verdict;
mod list_version;
mod lists;
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

/// So many anchors above the one that ends a path are checked: real hierarchies are shorter.
const MAX_ANCHORS_ABOVE: usize = 8;
/// So many unclaimed lists stand in an explanation.
const MAX_NAMED_LISTS: usize = 8;

/// Judges a path that is in order otherwise, where the policy has rules.
///
/// Each path that webpki proposes is judged, so that the verdict does not depend on the order of
/// the certificates: where a CA's certificate by one issuer is revoked and that by another is not,
/// the path by the other is valid (RFC 5280, section 6.1, judges paths, not keys). Nothing is
/// evaded by that. What a list says of the certificates below hangs on name and key of their
/// issuer, which are the same on both paths.
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

/// Judges the certificates of a path that is in order otherwise.
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
    let judge = StatusCheck {
        revocation,
        basis: VerdictBasis {
            rules: &revocation.rules,
            algorithms: context.algorithms,
            anchor: &path.anchor,
            now: context.now,
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
        judge.certificate(Some(certificate.0), certificate.1, issuer)?;
        if revocation.rules.depth == RevocationDepth::Leaf {
            return Ok(());
        }
        certificate = (*index, issuer);
    }
    judge.certificate(Some(certificate.0), certificate.1, &anchor)?;
    match revocation.rules.depth {
        RevocationDepth::Chain => judge.anchors_above(&anchor, anchors, MAX_ANCHORS_ABOVE),
        RevocationDepth::Leaf => Ok(()),
    }
}
