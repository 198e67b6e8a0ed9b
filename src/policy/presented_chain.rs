//! The presented chain, parsed once.

use std::borrow::Cow;

use pki_types::CertificateDer;
use webpki::EndEntityCert;

use super::verdict::reason::RejectionReason;
use super::verdict::rejection::Rejection;
use crate::x509::Certificate;

/// The most certificates that a peer may present. A TLS handshake message holds fewer real ones.
pub(crate) const MAX_PRESENTED_CERTIFICATES: usize = 256;

/// The presented chain.
pub(crate) struct PresentedChain<'a> {
    /// Every presented certificate.
    pub(crate) chain: &'a [CertificateDer<'a>],
    /// The readable certificates, the leaf first.
    pub(crate) der: Cow<'a, [CertificateDer<'a>]>,
    /// In the order of `der`, each with its index in `chain`.
    pub(crate) certificates: Vec<(usize, Certificate<'a>)>,
    /// The leaf as webpki reads it.
    pub(crate) end_entity: Result<EndEntityCert<'a>, webpki::Error>,
    /// The fault of a certificate that was skipped because it cannot issue anything.
    pub(crate) passed_over: Option<String>,
}

impl<'a> PresentedChain<'a> {
    /// Parses the presented chain.
    ///
    /// The leaf must be well formed. Any other malformed certificate cannot issue anything and is
    /// skipped, but bytes without the shape of a certificate are rejected at every position.
    /// OpenSSL does the same: it aborts the handshake at such bytes, and takes no malformed
    /// certificate into its path.
    pub(crate) fn read(chain: &'a [CertificateDer<'a>]) -> Result<Self, Rejection> {
        let Some(leaf) = chain.first() else {
            return Err(Rejection::new(RejectionReason::NoCertificate));
        };
        if chain.len() > MAX_PRESENTED_CERTIFICATES {
            return Err(Rejection::new(RejectionReason::PathTooLong)
                .with_expected(format!("at most {MAX_PRESENTED_CERTIFICATES} certificates"))
                .with_presented(chain.len().to_string()));
        }
        let mut presented = Self {
            chain,
            der: Cow::Borrowed(chain),
            certificates: Vec::with_capacity(chain.len()),
            end_entity: EndEntityCert::try_from(leaf),
            passed_over: None,
        };
        for (index, der) in chain.iter().enumerate() {
            match Certificate::from_der(der) {
                Ok(certificate) => presented.certificates.push((index, certificate)),
                Err(error) if index == 0 || error.is_no_certificate() => {
                    return Err(Rejection::new(RejectionReason::MalformedCertificate)
                        .with_presented(format!("certificate {index}: {error}")));
                }
                Err(error) => presented.passed_over = Some(format!("certificate {index}: {error}")),
            }
        }
        if presented.passed_over.is_some() {
            let kept = presented.certificates.iter().map(|(index, _)| *index);
            let der = kept.filter_map(|index| chain.get(index));
            presented.der = der.map(|der| CertificateDer::from(der.as_ref())).collect();
        }
        Ok(presented)
    }

    pub(crate) fn leaf(&self) -> Result<&Certificate<'a>, Rejection> {
        match self.certificates.first() {
            Some((_, leaf)) => Ok(leaf),
            None => Err(Rejection::new(RejectionReason::NoCertificate)),
        }
    }

    /// Returns the readable certificate with these bytes, and its index in the presented chain.
    pub(crate) fn find(&self, der: &CertificateDer<'_>) -> Option<(usize, &Certificate<'a>)> {
        self.der
            .iter()
            .zip(&self.certificates)
            .find(|(d, _)| *d == der)
            .map(|(_, (index, certificate))| (*index, certificate))
    }

    /// Returns the description that `explain` shows.
    pub(crate) fn in_words(&self) -> String {
        let count = self.chain.len();
        let plural = if count == 1 { "" } else { "s" };
        match &self.passed_over {
            None => format!("{count} certificate{plural}"),
            Some(problem) => {
                format!("{count} certificate{plural}, of which one was passed over: {problem}")
            }
        }
    }
}
