//! Faults of an identity that do not depend on trust.

use mtls::pki_types::UnixTime;
use mtls::{MtlsIdentity, Rustls};

use crate::facts::{CertificateFacts, date_finding, unsigned_link};
use crate::output::Finding;

/// Returns the findings about its warnings, dates and signatures.
pub(super) fn check(
    identity: &MtlsIdentity,
    facts: &[CertificateFacts],
    at: UnixTime,
) -> Vec<Finding> {
    let mut findings: Vec<_> = identity
        .warnings()
        .iter()
        .map(Finding::of_warning)
        .collect();
    for (index, certificate) in facts.iter().enumerate() {
        let what = format!("certificate {index} ({}) of our chain", certificate.subject);
        let (begin, end) = (certificate.not_before.0, certificate.not_after.0);
        findings.extend(date_finding(&what, begin, end, at).map(|finding| Finding {
            certificate: Some(certificate.place(index)),
            ..finding
        }));
    }
    let leaf = facts.first();
    findings.extend(leaf.and_then(|leaf| leaf.test_finding("our certificate")));
    let algorithms = Rustls::default().signature_algorithms();
    let algorithms = algorithms.iter();
    findings
        .extend(algorithms.filter_map(|algorithms| {
            unsigned_link(identity.chain().as_slice(), facts, algorithms)
        }));
    findings
}
