//! What a peer presented, read once.

use std::borrow::Cow;

use pki_types::CertificateDer;

use super::verdict::reason::RejectionReason;
use super::verdict::rejection::Rejection;
use crate::x509::Certificate;

/// Certificates that a peer may present. A TLS handshake message holds fewer of any that could be real.
pub(crate) const MAX_PRESENTED_CERTIFICATES: usize = 256;

/// The presented chain.
pub(crate) struct PresentedChain<'a> {
    /// All of it.
    pub(crate) chain: &'a [CertificateDer<'a>],
    /// Those that could be read, the leaf first.
    pub(crate) der: Cow<'a, [CertificateDer<'a>]>,
    /// In the order of `der`, each with its place in what was presented.
    pub(crate) certificates: Vec<(usize, Certificate<'a>)>,
    /// What is wrong with one that cannot issue anything, and was passed over.
    pub(crate) passed_over: Option<String>,
}

impl<'a> PresentedChain<'a> {
    /// Reads what was presented. The leaf must be sound; any other that is not can issue nothing and is passed over, but
    /// bytes that have not the shape of a certificate are refused wherever they stand.
    ///
    /// OpenSSL draws the same line: it ends the handshake at such bytes, and takes no unsound certificate into its path.
    pub(crate) fn read(chain: &'a [CertificateDer<'a>]) -> Result<Self, Rejection> {
        if chain.is_empty() {
            return Err(Rejection::new(RejectionReason::NoCertificate));
        }
        if chain.len() > MAX_PRESENTED_CERTIFICATES {
            return Err(Rejection::new(RejectionReason::PathTooLong)
                .with_expected(format!("at most {MAX_PRESENTED_CERTIFICATES} certificates"))
                .with_presented(chain.len().to_string()));
        }
        let mut presented = Self {
            chain,
            der: Cow::Borrowed(chain),
            certificates: Vec::with_capacity(chain.len()),
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

    /// The readable certificate with these bytes, and its place in what was presented.
    pub(crate) fn find(&self, der: &CertificateDer<'_>) -> Option<(usize, &Certificate<'a>)> {
        self.der
            .iter()
            .zip(&self.certificates)
            .find(|(d, _)| *d == der)
            .map(|(_, (index, certificate))| (*index, certificate))
    }

    /// What `explain` says about it.
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
