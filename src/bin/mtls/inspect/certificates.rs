//! What is wrong with the certificates of one file, without a key.

use mtls::CertificateChain;
use mtls::material::IdentityWarning;
use mtls::pki_types::CertificateDer;

use super::examiner::Examiner;
use crate::facts::{CertificateFacts, date_finding, unsigned_link};
use crate::output::{Finding, Severity};

/// Returns the findings about dates, order and signatures.
pub(super) fn check(
    certificates: &[CertificateDer<'static>],
    facts: &[CertificateFacts],
    is_ordered: bool,
    examiner: &Examiner,
) -> Vec<Finding> {
    let is_bundle = facts.len() > 1 && facts.iter().all(|certificate| certificate.is_ca);
    let mut findings = dates(facts, is_bundle, examiner);
    findings.extend(rejected_leaves(certificates, facts));
    if is_ordered && !is_bundle && certificates.len() > 1 {
        findings.extend(order(certificates, facts, examiner));
    }
    findings
}

fn dates(facts: &[CertificateFacts], is_bundle: bool, examiner: &Examiner) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, certificate) in facts.iter().enumerate() {
        let (begin, end) = (certificate.not_before.0, certificate.not_after.0);
        let what = format!("certificate {index} ({})", certificate.subject);
        if let Some(finding) = date_finding(&what, begin, end, examiner.at) {
            findings.push(Finding {
                certificate: Some(certificate.place(index)),
                ..finding
            });
        }
    }
    let faults = |f: &&Finding| f.severity == Severity::Fault;
    // An anchor that has expired does no harm beside others that have not.
    if is_bundle && findings.iter().filter(faults).count() < facts.len() {
        for finding in &mut findings {
            finding.severity = finding.severity.max(Severity::Warning);
        }
    }
    findings
}

/// Returns the faults for which this crate's verifier rejects a leaf, whatever the policy.
fn rejected_leaves(
    certificates: &[CertificateDer<'static>],
    facts: &[CertificateFacts],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, (der, leaf)) in certificates.iter().zip(facts).enumerate() {
        let chain = CertificateChain::from_der([der.clone()]);
        let (Ok(chain), false) = (chain, leaf.is_ca) else {
            continue;
        };
        for warning in chain.leaf_warnings() {
            if matches!(warning, IdentityWarning::RejectedLeaf { .. }) {
                findings.push(Finding {
                    severity: Severity::Fault,
                    certificate: Some(leaf.place(index)),
                    ..Finding::of_warning(&warning)
                });
            }
        }
    }
    findings
}

fn order(
    certificates: &[CertificateDer<'static>],
    facts: &[CertificateFacts],
    examiner: &Examiner,
) -> Option<Finding> {
    let mut leaves = facts.iter().enumerate().filter(|(_, one)| !one.is_ca);
    if let (Some((index, leaf)), None) = (leaves.next(), leaves.next())
        && index > 0
    {
        let subject = &leaf.subject;
        let message =
            format!("the leaf is certificate {index} ({subject}), but has to be the first");
        let finding = Finding::fault("leaf_not_first", message);
        let finding =
            finding.hint("put that certificate at the top of the file, its issuer after it");
        return Some(Finding {
            certificate: Some(leaf.place(index)),
            ..finding
        });
    }
    let chain = match CertificateChain::from_der(certificates.to_vec()) {
        Ok(chain) => chain,
        Err(error) => return Some(Finding::of_error(&error)),
    };
    if let Err(error) = chain.check_order() {
        return Some(Finding::of_error(&error));
    }
    unsigned_link(chain.as_slice(), facts, &examiner.algorithms)
}
