//! The opt-in for X.509 version 1 leaves, which rustls-webpki does not read.

use super::proved;
use crate::peer::ProvedPath;
use crate::policy::certificate::form::check_form;
use crate::policy::certificate::public_key::{check_key, kind_of};
use crate::policy::certificate::validity::{check_lifetime, lifetime_in_words};
use crate::policy::signature::SignatureProblem;
use crate::policy::trust::anchor_facts::AnchorFacts;
use crate::policy::trust::anchors::Anchors;
use crate::policy::trust::examination::constrains_names;
use crate::policy::verdict::defect::PathPosition;
use crate::policy::verdict::reason::RejectionReason;
use crate::policy::verdict::rejection::Rejection;
use crate::policy::verdict::rule::Rule;
use crate::policy::verification::VerificationContext;
use crate::x509::{Certificate, rfc4514};

/// Authenticates a leaf that a trust anchor signed directly.
///
/// It has no path and no extensions, so there is nothing else to check.
pub(crate) fn check_signed_by_anchor(
    leaf: &Certificate<'_>,
    anchors: &Anchors,
    context: &VerificationContext<'_>,
) -> Result<ProvedPath, Rejection> {
    let &VerificationContext { policy, trace, .. } = context;
    let about = Some((0, leaf));
    trace.check(
        Rule::Version,
        about,
        |()| "1, which the policy allows".to_owned(),
        || Ok(()),
    )?;
    check_form(0, leaf, PathPosition::Leaf, context)?;
    trace.check(
        Rule::LeafLifetime,
        about,
        |()| lifetime_in_words(policy),
        || check_lifetime(leaf, policy),
    )?;
    trace.check(
        Rule::PublicKey,
        about,
        |()| kind_of(leaf),
        || check_key(0, leaf, context),
    )?;
    trace.outline(
        Rule::Path,
        || format!("certificate 0, trust anchor {}", rfc4514(leaf.issuer)),
        || signed_by_one_of(leaf, anchors.named(leaf.issuer), context),
    )
}

fn signed_by_one_of<'a>(
    leaf: &Certificate<'_>,
    anchors: impl Iterator<Item = &'a AnchorFacts>,
    context: &VerificationContext<'_>,
) -> Result<ProvedPath, Rejection> {
    let mut last = not_signed(leaf);
    for facts in anchors {
        let verdict = context.trace.check(
            Rule::TrustAnchor,
            None,
            |()| facts.in_words(),
            || check_anchor(leaf, facts, context),
        );
        match verdict {
            Ok(()) => return Ok(proved(leaf, &[], facts)),
            // An anchor that did not sign must not hide the rejection by one that did.
            Err(rejection) if rejection.reason() == RejectionReason::UnknownIssuer => {}
            Err(rejection) => last = rejection,
        }
    }
    Err(last)
}

fn check_anchor(
    leaf: &Certificate<'_>,
    facts: &AnchorFacts,
    context: &VerificationContext<'_>,
) -> Result<(), Rejection> {
    let anchor = Certificate::from_der(facts.certificate()).map_err(|_| not_signed(leaf))?;
    match context
        .algorithms
        .verify_presented(leaf, &anchor.public_key, context.verified)
    {
        Ok(()) => {}
        Err(problem @ SignatureProblem::UnsupportedAlgorithm { .. }) => {
            return Err(
                Rejection::new(RejectionReason::UnsupportedSignatureAlgorithm)
                    .about(0, leaf)
                    .with_presented(problem.to_string()),
            );
        }
        Err(_) => return Err(not_signed(leaf)),
    }
    if constrains_names(&anchor) {
        return Err(Rejection::new(RejectionReason::NameConstraintViolated)
            .about(0, leaf)
            .with_presented("a version 1 leaf under a trust anchor with name constraints, which bind no common name"));
    }
    facts.check(context)
}

fn not_signed(leaf: &Certificate<'_>) -> Rejection {
    Rejection::new(RejectionReason::UnknownIssuer)
        .about(0, leaf)
        .with_presented(format!("issuer {}", rfc4514(leaf.issuer)))
        .with_hint(
            "a version 1 leaf must be signed by a trust anchor itself; give its CA as trust anchor",
        )
}
