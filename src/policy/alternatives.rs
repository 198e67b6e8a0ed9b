//! How many paths the presented certificates could be, before any signature is looked at.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use pki_types::CertificateDer;

use super::path::MAX_INTERMEDIATES;
use super::presented::Presented;
use super::reason::RejectionReason;
use super::rejection::Rejection;

/// So few intermediates make so few paths that they need not be counted.
const FEW: usize = 5;
/// Presented certificates that may stand above the leaf, by their names.
const MAX_RELEVANT: usize = 32;
/// Ways that lead up from the leaf, by names: each costs webpki a reading of all the certificates that it is given, so
/// that a stranger could keep it busy for seconds with certificates that nobody signed.
const MAX_WAYS: u64 = 4096;

/// The intermediates that the issuers' names lead to from the leaf, each once; all of them where they are few.
pub(super) fn relevant<'p>(
    presented: &'p Presented<'_>,
) -> Result<Cow<'p, [CertificateDer<'p>]>, Rejection> {
    let (Some((_, intermediates)), leaf) = (presented.der.split_first(), presented.leaf()?) else {
        return Err(Rejection::new(RejectionReason::NoCertificate));
    };
    if intermediates.len() <= FEW {
        return Ok(Cow::Borrowed(intermediates));
    }
    let mut seen = HashSet::new();
    let mut by_name: HashMap<&[u8], Vec<usize>> = HashMap::new();
    let certificates = presented.certificates.iter().skip(1);
    for (place, (der, (_, certificate))) in intermediates.iter().zip(certificates).enumerate() {
        if seen.insert(der.as_ref()) {
            by_name.entry(certificate.subject).or_default().push(place);
        }
    }
    let issuer_of = |place: usize| {
        let above = place.saturating_add(1);
        let certificate = presented.certificates.get(above);
        certificate.map_or(&[][..], |(_, certificate)| certificate.issuer)
    };
    let mut reached = vec![false; intermediates.len()];
    let mut ways_in_all: u64 = 0;
    let mut level: HashMap<&[u8], u64> = HashMap::from([(leaf.issuer, 1)]);
    for _ in 0..=MAX_INTERMEDIATES {
        let mut above: HashMap<&[u8], u64> = HashMap::new();
        for (name, ways) in level {
            for &place in by_name.get(name).into_iter().flatten() {
                if let Some(reached) = reached.get_mut(place) {
                    *reached = true;
                }
                ways_in_all = ways_in_all.saturating_add(ways);
                let ways_above = above.entry(issuer_of(place)).or_default();
                *ways_above = ways_above.saturating_add(ways);
            }
        }
        level = above;
    }
    let relevant: Vec<CertificateDer<'p>> = intermediates
        .iter()
        .zip(&reached)
        .filter(|(_, reached)| **reached)
        .map(|(der, _)| CertificateDer::from(der.as_ref()))
        .collect();
    match relevant.len() <= MAX_RELEVANT && ways_in_all <= MAX_WAYS {
        true => Ok(Cow::Owned(relevant)),
        false => Err(Rejection::new(RejectionReason::PathTooLong)
            .with_expected(format!(
                "at most {MAX_RELEVANT} certificates above the leaf, and {MAX_WAYS} ways through them by their names"
            ))
            .with_presented(format!("{}, and {ways_in_all}", relevant.len()))),
    }
}
