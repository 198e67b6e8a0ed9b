//! The opt-in for X.509 version 1 leaves, which rustls-webpki does not read.

use std::sync::Arc;

use super::algorithms::SignatureProblem;
use super::anchor::constrains_names;
use super::judgement::Judgement;
use super::leaf::{check_key, check_lifetime};
use super::profile::{Place, check_form};
use super::reason::RejectionReason;
use super::rejection::Rejection;
use super::rule::Rule;
use crate::peer::ProvedPath;
use crate::x509::Certificate;

/// Proves a leaf that a trust anchor signed itself: no path, no extensions, so nothing else can be asked of it.
pub(super) fn check_signed_by_anchor(
    leaf: &Certificate<'_>,
    judgement: &Judgement<'_>,
) -> Result<ProvedPath, Rejection> {
    let &Judgement {
        anchors,
        algorithms,
        policy,
        trace,
        ..
    } = judgement;
    let about = Some((0, leaf));
    check_form(0, leaf, Place::Leaf, judgement)?;
    trace.check(
        Rule::LeafLifetime,
        about,
        |()| String::new(),
        || check_lifetime(leaf, policy),
    )?;
    trace.check(
        Rule::PublicKey,
        about,
        |()| String::new(),
        || check_key(0, leaf, policy),
    )?;
    let mut refusal = Rejection::new(RejectionReason::UnknownIssuer)
        .about(0, leaf)
        .with_hint(
            "a version 1 leaf must be signed by a trust anchor itself; give its CA as trust anchor",
        );
    for facts in anchors.named(leaf.issuer) {
        let Ok(anchor) = Certificate::from_der(facts.certificate()) else {
            continue;
        };
        match algorithms.verify(leaf, &anchor.public_key) {
            Ok(()) => {}
            Err(SignatureProblem::UnsupportedAlgorithm) => {
                return Err(
                    Rejection::new(RejectionReason::UnsupportedSignatureAlgorithm).about(0, leaf),
                );
            }
            Err(_) => continue,
        }
        if constrains_names(&anchor) {
            refusal = Rejection::new(RejectionReason::NameConstraintViolated)
                .about(0, leaf)
                .with_presented("a version 1 leaf under a trust anchor with name constraints, which bind no common name");
            continue;
        }
        match facts.check(judgement) {
            Ok(()) => {
                return Ok(ProvedPath {
                    intermediates: Vec::new(),
                    anchor: Arc::clone(facts.certificate()),
                });
            }
            Err(rejection) => refusal = rejection,
        }
    }
    Err(refusal)
}
