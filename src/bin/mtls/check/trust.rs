//! What is wrong with trust anchors and revocation lists.

use mtls::material::CertificateDescription;
use mtls::pki_types::UnixTime;
use mtls::policy::Trust;
use mtls::{PeerVerifier, RevocationLists};

use crate::facts::{CertificateFacts, ListFacts, date_finding};
use crate::output::{Finding, Severity};

/// Returns the warnings about anchors that cannot prove peers, and lists that no anchor signed.
pub(super) fn of_verifier(verifier: &PeerVerifier) -> Vec<Finding> {
    let mut findings = Vec::new();
    for anchor in verifier.unusable_trust_anchors() {
        findings.push(Finding {
            severity: Severity::Warning,
            ..Finding::of_error(&anchor)
        });
    }
    for list in verifier.unclaimed_revocation_lists() {
        let message = format!(
            "no trust anchor has signed the revocation list of {}",
            list.issuer()
        );
        findings.push(Finding::warning("unclaimed_revocation_list", message).hint(
            "it revokes nothing: give the list of a CA that is trusted here, or leave it out",
        ));
    }
    findings
}

/// Returns the warnings about anchors that have expired, or soon will.
pub(super) fn dates(trust: &Trust, at: UnixTime) -> Vec<Finding> {
    let bundles: Vec<(Option<&str>, _)> = match trust {
        Trust::Anchors(anchors) => vec![(None, anchors)],
        Trust::Bundles(bundles) => bundles
            .iter()
            .map(|(domain, anchors)| (Some(domain), anchors))
            .collect(),
        _ => Vec::new(),
    };
    let mut findings = Vec::new();
    for (domain, anchors) in bundles {
        for (index, anchor) in anchors.as_slice().iter().enumerate() {
            // Each was read before, so that none fails.
            let Ok(anchor) = CertificateDescription::from_der(anchor) else {
                continue;
            };
            let domain = domain.map_or_else(String::new, |domain| format!(" of {domain}"));
            let what = format!("trust anchor {index}{domain} ({})", anchor.subject);
            let facts = CertificateFacts::new(&anchor, at);
            findings.extend(facts.test_finding(&what));
            let found = date_finding(&what, anchor.not_before, anchor.not_after, at);
            findings.extend(found.map(|finding| Finding {
                severity: Severity::Warning,
                reason: match finding.reason {
                    "expires_soon" => "anchor_expires_soon",
                    _ => "anchor_expired",
                },
                ..finding
            }));
        }
    }
    findings
}

/// Returns the warnings about lists that are not current, each with the issuer of its list.
pub(super) fn stale_lists(lists: &RevocationLists, at: UnixTime) -> Vec<(String, Finding)> {
    let lists = lists.iter().map(ListFacts::new);
    let found = lists.filter_map(|list| {
        let finding = list.date_finding(at)?;
        let warning = Finding {
            severity: Severity::Warning,
            ..finding
        };
        Some((list.issuer, warning))
    });
    found.collect()
}
