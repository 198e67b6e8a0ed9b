use const_oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};
use pki_types::{CertificateDer, UnixTime};

use crate::material::{CertificateChain, IdentityWarning};
use crate::policy::{BuildError, SignatureAlgorithms, purposes_of, usages_of};
use crate::side::Side;
use crate::x509::pkix::KeyUsages;
use crate::x509::{Certificate, Version, is_same_name, rfc4514};

/// Our own chain, for checks at build time and hints after a rejection.
///
/// A successful handshake does not parse its certificates: they are parsed when a hint needs them.
#[derive(Debug)]
pub(crate) struct OwnChain {
    side: Side,
    chain: CertificateChain,
    /// The issuer of each certificate, a DER `Name`, to compare with what servers request.
    issuers: Vec<Vec<u8>>,
}

/// Why a certificate of ours is not valid now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValidityFault {
    ExpiredAt(UnixTime),
    ValidFrom(UnixTime),
}

impl OwnChain {
    pub(crate) fn new(side: Side, chain: &CertificateChain) -> Self {
        let issuers = certificates(chain).map(|(_, certificate)| certificate.issuer.to_vec());
        Self {
            side,
            issuers: issuers.collect(),
            chain: chain.clone(),
        }
    }

    /// Verifies the signature of each certificate by the key of the next.
    ///
    /// That the names match was checked when the identity was made.
    pub(crate) fn check_signatures(
        &self,
        algorithms: &SignatureAlgorithms,
    ) -> Result<(), BuildError> {
        let chain = self.chain.as_slice();
        for (index, pair) in chain.windows(2).enumerate() {
            let [child, issuer] = pair else { continue };
            let (subject, issuer, source) =
                match (Certificate::from_der(child), Certificate::from_der(issuer)) {
                    (Ok(child), Ok(issuer)) => {
                        match algorithms.verify(&child, &issuer.public_key) {
                            Ok(()) => continue,
                            Err(problem) => (
                                rfc4514(child.subject),
                                rfc4514(issuer.subject),
                                problem.into(),
                            ),
                        }
                    }
                    (Err(error), _) | (_, Err(error)) => (
                        "(unreadable)".to_owned(),
                        "(unreadable)".to_owned(),
                        error.into(),
                    ),
                };
            return Err(BuildError::IdentityChain {
                index,
                subject,
                issuer,
                source,
            });
        }
        Ok(())
    }

    pub(crate) fn chain(&self) -> &[CertificateDer<'static>] {
        self.chain.as_slice()
    }

    pub(crate) fn side(&self) -> Side {
        self.side
    }

    pub(crate) fn length(&self) -> usize {
        self.chain.as_slice().len()
    }

    /// Whether a CA of this name (a DER `Name`) issued one of our certificates, byte for byte.
    pub(crate) fn is_issued_by(&self, name: &[u8]) -> bool {
        self.issuers.iter().any(|issuer| issuer == name)
    }

    /// Whether a CA of this name issued one of our certificates, in any encoding.
    ///
    /// The name is a `Name` with its header.
    pub(crate) fn is_issued_by_one_called(&self, name: &[u8]) -> bool {
        let mut issuers = self.issuers.iter();
        issuers.any(|issuer| is_same_name(issuer, name))
    }

    /// The issuer of our last certificate.
    pub(crate) fn top_issuer(&self) -> String {
        self.issuers
            .last()
            .map_or_else(String::new, |issuer| rfc4514(issuer))
    }

    /// Returns our certificates that are not valid now, each with its index and its subject.
    pub(crate) fn overdue(&self, now: UnixTime) -> Vec<(usize, String, ValidityFault)> {
        certificates(&self.chain)
            .filter_map(|(index, certificate)| {
                let overdue = if now < certificate.not_before {
                    ValidityFault::ValidFrom(certificate.not_before)
                } else if now > certificate.not_after {
                    ValidityFault::ExpiredAt(certificate.not_after)
                } else {
                    return None;
                };
                Some((index, rfc4514(certificate.subject), overdue))
            })
            .collect()
    }

    /// The warning about a purpose that our leaf lacks.
    pub(crate) fn warning(&self) -> Option<IdentityWarning> {
        let (missing, listed) = self.missing_purpose()?;
        let (_, leaf) = certificates(&self.chain).next()?;
        Some(IdentityWarning::MissingPurpose {
            subject: rfc4514(leaf.subject),
            missing,
            listed,
        })
    }

    /// Returns the purpose that the leaf's extended key usage lacks, and those that it lists.
    pub(crate) fn missing_purpose(&self) -> Option<(&'static str, String)> {
        let (_, leaf) = certificates(&self.chain).next()?;
        let usage = leaf.extended_key_usage().ok()??;
        let (wanted, name) = match self.side {
            Side::Client => (ID_KP_CLIENT_AUTH, "clientAuth"),
            Side::Server => (ID_KP_SERVER_AUTH, "serverAuth"),
        };
        if usage.0.contains(&wanted) {
            None
        } else {
            Some((name, purposes_of(&leaf)))
        }
    }

    /// Returns the leaf's key usages if its key may not sign a handshake (RFC 8446, section
    /// 4.4.2.2).
    pub(crate) fn wrong_key_usage(&self) -> Option<String> {
        let (_, leaf) = certificates(&self.chain).next()?;
        let usage = leaf.key_usage().ok()??;
        if usage.0.contains(KeyUsages::DigitalSignature) {
            None
        } else {
            Some(usages_of(&leaf))
        }
    }

    /// Whether the leaf is of a version before 3.
    pub(crate) fn has_old_leaf(&self) -> bool {
        certificates(&self.chain)
            .next()
            .is_some_and(|(_, leaf)| leaf.version != Version::V3)
    }

    /// The type of the leaf's key.
    pub(crate) fn key(&self) -> String {
        certificates(&self.chain)
            .next()
            .and_then(|(_, leaf)| leaf.public_key.kind().ok())
            .map_or_else(|| "(unreadable)".to_owned(), |kind| kind.to_string())
    }
}

/// All certificates are readable: the chain was parsed when it was made.
fn certificates(chain: &CertificateChain) -> impl Iterator<Item = (usize, Certificate<'_>)> {
    chain
        .as_slice()
        .iter()
        .enumerate()
        .filter_map(|(index, der)| Some((index, Certificate::from_der(der).ok()?)))
}
