use mtls::BuildError;
use mtls::pki_types::CertificateDer;
use mtls::policy::SignatureAlgorithms;

use super::CertificateFacts;
use crate::output::Finding;

/// Returns the finding about the first certificate that the next one did not sign.
pub(crate) fn unsigned_link(
    chain: &[CertificateDer<'_>],
    facts: &[CertificateFacts],
    algorithms: &SignatureAlgorithms,
) -> Option<Finding> {
    let mut links = chain.iter().zip(chain.iter().skip(1));
    let is_broken = |(one, next)| algorithms.is_signed_by(one, next) == Some(false);
    let index = links.position(is_broken)?;
    let (one, next) = (facts.get(index)?, facts.get(index.checked_add(1)?)?);
    let error = BuildError::IdentityChain {
        index,
        subject: one.subject.clone(),
        issuer: next.subject.clone(),
        source: "the signature does not verify with the issuer's key".into(),
    };
    Some(Finding {
        certificate: Some(one.place(index)),
        ..Finding::of_error(&error)
    })
}
