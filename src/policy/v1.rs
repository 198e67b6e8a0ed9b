//! The opt-in for X.509 version 1 leaves, which rustls-webpki does not read.

use std::sync::Arc;

use super::algorithms::SignatureProblem;
use super::anchor::{Facts, constrains_names};
use super::flaw::Place;
use super::judgement::Judgement;
use super::leaf::{check_key, check_lifetime, kind_of, lifetime_in_words};
use super::profile::check_form;
use super::reason::RejectionReason;
use super::rejection::Rejection;
use super::rule::Rule;
use crate::peer::ProvedPath;
use crate::x509::{Certificate, rfc4514};

/// Proves a leaf that a trust anchor signed itself: no path, no extensions, so nothing else can be
/// asked of it.
pub(super) fn check_signed_by_anchor(
    leaf: &Certificate<'_>,
    judgement: &Judgement<'_>,
) -> Result<ProvedPath, Rejection> {
    let &Judgement {
        anchors,
        policy,
        trace,
        ..
    } = judgement;
    let about = Some((0, leaf));
    trace.check(
        Rule::Version,
        about,
        |()| "1, which the policy allows".to_owned(),
        || Ok(()),
    )?;
    check_form(0, leaf, Place::Leaf, judgement)?;
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
        || check_key(0, leaf, judgement),
    )?;
    trace.outline(
        Rule::Path,
        || format!("certificate 0, trust anchor {}", rfc4514(leaf.issuer)),
        || signed_by_one_of(leaf, anchors.named(leaf.issuer), judgement),
    )
}

fn signed_by_one_of<'a>(
    leaf: &Certificate<'_>,
    anchors: impl Iterator<Item = &'a Facts>,
    judgement: &Judgement<'_>,
) -> Result<ProvedPath, Rejection> {
    let mut refusal = not_signed(leaf);
    for facts in anchors {
        let verdict = judgement.trace.check(
            Rule::TrustAnchor,
            None,
            |()| facts.in_words(),
            || check_anchor(leaf, facts, judgement),
        );
        match verdict {
            Ok(()) => {
                return Ok(ProvedPath {
                    intermediates: Vec::new(),
                    anchor: Arc::clone(facts.certificate()),
                });
            }
            // One that did not sign says nothing about one that did.
            Err(rejection) if rejection.reason() == RejectionReason::UnknownIssuer => {}
            Err(rejection) => refusal = rejection,
        }
    }
    Err(refusal)
}

fn check_anchor(
    leaf: &Certificate<'_>,
    facts: &Facts,
    judgement: &Judgement<'_>,
) -> Result<(), Rejection> {
    let anchor = Certificate::from_der(facts.certificate()).map_err(|_| not_signed(leaf))?;
    match judgement.algorithms.verify(leaf, &anchor.public_key) {
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
    facts.check(judgement)
}

fn not_signed(leaf: &Certificate<'_>) -> Rejection {
    Rejection::new(RejectionReason::UnknownIssuer)
        .about(0, leaf)
        .with_presented(format!("issuer {}", rfc4514(leaf.issuer)))
        .with_hint(
            "a version 1 leaf must be signed by a trust anchor itself; give its CA as trust anchor",
        )
}
