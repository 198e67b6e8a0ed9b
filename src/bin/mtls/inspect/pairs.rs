//! Which key belongs to which certificate, and what an identity of both lacks.

use std::collections::HashSet;

use mtls::material::IdentityWarning;
use mtls::pki_types::CertificateDer;
use mtls::{CertificateChain, MaterialError, MtlsIdentity};

use super::evidence::{Evidence, FoundCertificate, FoundKey};
use crate::output::Finding;

/// The most keys that are tried with every file of certificates.
const MAX_KEYS: usize = 32;

type Pairs<'e, 'a> = Vec<(&'e FoundKey<'a>, &'e FoundCertificate<'a>)>;

/// Returns the pairs, and the faults of keys that fit no certificate or a wrong chain.
pub(super) fn of_keys<'e, 'a>(evidence: &'e Evidence<'a>) -> (Pairs<'e, 'a>, Vec<Finding>) {
    let (mut pairs, mut findings) = (Vec::new(), Vec::new());
    for key in evidence.keys.iter().take(MAX_KEYS) {
        let fits = |certificate: &&FoundCertificate<'_>| {
            key.spki_sha256 == Some(certificate.facts.spki_sha256.as_str())
        };
        let mut is_matched = false;
        // A file may have thousands of copies of one leaf.
        let mut tried = HashSet::new();
        for certificate in evidence.certificates.iter().filter(fits) {
            is_matched = true;
            pairs.push((key, certificate));
            // A CA with its key is no identity, and need not be one.
            if !certificate.facts.is_ca && tried.insert(certificate.file) {
                findings.extend(as_identity(evidence, certificate.file, key));
            }
        }
        let leaf = evidence.certificates.iter().find(|one| !one.facts.is_ca);
        if let (false, Some(leaf)) = (is_matched, leaf) {
            findings.extend(as_identity(evidence, leaf.file, key));
        }
    }
    (pairs, findings)
}

/// Returns what is wrong with the certificates of a file as the chain of a key.
fn as_identity(evidence: &Evidence<'_>, file: &str, key: &FoundKey<'_>) -> Vec<Finding> {
    let of_file = evidence.certificates.iter().filter(|one| one.file == file);
    let chain: Vec<_> = of_file.map(|one| one.der.clone()).collect();
    let place = if file == key.file {
        file.to_owned()
    } else {
        format!("{file} and {}", key.file)
    };
    match identity(chain, key) {
        Ok(identity) => {
            let warnings = identity.warnings().iter();
            let of_files = |warning: &&IdentityWarning| {
                // The file of the key, or that of the certificate, has this finding already.
                !matches!(
                    warning,
                    IdentityWarning::InsecureKeyFile(_) | IdentityWarning::RejectedLeaf { .. }
                )
            };
            let findings = warnings.filter(of_files).map(Finding::of_warning);
            findings.map(|finding| finding.at(&place)).collect()
        }
        Err(error) => {
            let mut finding = Finding::of_error(&error).at(&place);
            finding.name_file("CERT", file);
            finding.name_file("KEY", key.file);
            vec![finding]
        }
    }
}

fn identity(
    chain: Vec<CertificateDer<'static>>,
    key: &FoundKey<'_>,
) -> Result<MtlsIdentity, MaterialError> {
    MtlsIdentity::new(CertificateChain::from_der(chain)?, key.key.clone_key())
}
