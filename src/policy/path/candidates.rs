//! The presented certificates that could be on a path, and the cost of trying them.
//!
//! Both are determined before any signature is verified.

use std::borrow::Cow;

use pki_types::CertificateDer;

use crate::policy::limits::MAX_INTERMEDIATES;
use crate::policy::presented_chain::PresentedChain;
use crate::policy::verdict::reason::RejectionReason;
use crate::policy::verdict::rejection::Rejection;
use crate::x509::Certificate;

/// The most presented certificates above the leaf, selected by their names.
const MAX_RELEVANT: usize = 32;
/// The most readings of certificates while webpki builds a path.
///
/// webpki reads every certificate at each step, and verifies signatures last. Without this limit a
/// peer could keep it busy for seconds with unsigned certificates.
const MAX_READINGS: usize = 16_384;

/// Returns the intermediates that the issuers' names lead to from the leaf, each once.
pub(crate) fn relevant<'p>(
    presented: &'p PresentedChain<'_>,
) -> Result<Cow<'p, [CertificateDer<'p>]>, Rejection> {
    let leaf = presented.leaf()?;
    let Some((_, intermediates)) = presented.der.split_first() else {
        return Err(Rejection::new(RejectionReason::NoCertificate));
    };
    if is_one_way(presented) {
        return Ok(Cow::Borrowed(intermediates));
    }
    let certificates = presented.certificates.iter().skip(1).map(|(_, c)| c);
    let all: Vec<_> = intermediates.iter().zip(certificates).collect();
    let reached = reached(leaf, &all);
    let nodes: Vec<&Certificate<'_>> = reached.iter().map(|(_, c)| *c).collect();
    let is_all = reached.len() == intermediates.len();
    let too_many = |what: String| {
        Rejection::new(RejectionReason::PathTooLong)
            .with_expected(format!(
                "at most {MAX_RELEVANT} certificates that the issuers' names lead to, and few ways through them"
            ))
            .with_presented(what)
    };
    if nodes.len() > MAX_RELEVANT {
        return Err(too_many(nodes.len().to_string()));
    }
    let mut steps_left = MAX_READINGS.checked_div(nodes.len()).unwrap_or_default();
    if !walk(leaf.issuer, &nodes, &mut vec![leaf], &mut steps_left) {
        return Err(too_many(format!("{}, with too many ways", nodes.len())));
    }
    if is_all {
        return Ok(Cow::Borrowed(intermediates));
    }
    let der = reached
        .into_iter()
        .map(|(der, _)| CertificateDer::from(der.as_ref()));
    Ok(Cow::Owned(der.collect()))
}

/// Returns whether each certificate was issued by the next, of another name than all others.
///
/// So do almost all peers present theirs: all are on the way, and there is no other.
fn is_one_way(presented: &PresentedChain<'_>) -> bool {
    let mut rest = presented.certificates.as_slice();
    if rest.len() > MAX_INTERMEDIATES {
        return false;
    }
    while let [(_, child), above @ ..] = rest {
        let is_next = above.first().is_none_or(|(_, c)| c.subject == child.issuer);
        let is_again = above.iter().any(|(_, c)| c.subject == child.subject);
        if !is_next || is_again {
            return false;
        }
        rest = above;
    }
    true
}

/// Returns the certificates that a path can reach, in the order of the presented chain.
fn reached<'p, 'c>(
    leaf: &'p Certificate<'c>,
    all: &[(&'p CertificateDer<'p>, &'p Certificate<'c>)],
) -> Vec<(&'p CertificateDer<'p>, &'p Certificate<'c>)> {
    let mut is_reached = vec![false; all.len()];
    let mut wanted = vec![leaf.issuer];
    // One step more than a path may have: webpki makes it before it detects the excess.
    for _ in 0..=MAX_INTERMEDIATES {
        let mut above = Vec::new();
        for ((_, certificate), is_reached) in all.iter().zip(&mut is_reached) {
            if !*is_reached && wanted.contains(&certificate.subject) {
                *is_reached = true;
                above.push(certificate.issuer);
            }
        }
        wanted = above;
    }
    let mut reached: Vec<(&CertificateDer<'_>, &Certificate<'_>)> = Vec::new();
    for (entry, is_reached) in all.iter().zip(is_reached) {
        if is_reached && !reached.iter().any(|(der, _)| *der == entry.0) {
            reached.push(*entry);
        }
    }
    reached
}

/// Counts the steps that webpki would take; returns false when `steps_left` runs out.
///
/// webpki takes no pair of name and key twice on a path.
fn walk<'p, 'c>(
    issuer: &[u8],
    nodes: &[&'p Certificate<'c>],
    path: &mut Vec<&'p Certificate<'c>>,
    steps_left: &mut usize,
) -> bool {
    if path.len() > MAX_INTERMEDIATES.saturating_add(1) {
        return true;
    }
    for node in nodes {
        let is_same = |on_path: &&Certificate<'_>| {
            on_path.public_key.spki == node.public_key.spki && on_path.subject == node.subject
        };
        if node.subject != issuer || path.iter().any(is_same) {
            continue;
        }
        let Some(left) = steps_left.checked_sub(1) else {
            return false;
        };
        *steps_left = left;
        path.push(node);
        let is_within = walk(node.issuer, nodes, path, steps_left);
        path.pop();
        if !is_within {
            return false;
        }
    }
    true
}
