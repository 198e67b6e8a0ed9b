use core::fmt;
use std::sync::Arc;

use pki_types::{AlgorithmIdentifier, SignatureVerificationAlgorithm, alg_id};

use crate::x509::{Certificate, PublicKey};

/// The signature algorithms that certificates may be signed with, and who computes them.
///
/// Which algorithms count is fixed for every backend, so that a verdict does not depend on the crypto library:
/// ECDSA over P-256 and P-384 with SHA-256 or SHA-384, Ed25519, and RSA (PKCS#1 v1.5 and PSS) with SHA-256,
/// SHA-384 or SHA-512. No SHA-1, no P-521.
///
/// Cloning is cheap. A backend value has its own: `Rustls::default().signature_algorithms()`.
#[derive(Clone)]
pub struct SignatureAlgorithms(Arc<[&'static dyn SignatureVerificationAlgorithm]>);

impl SignatureAlgorithms {
    /// Takes from `algorithms` those on the crate's list; the others are left out.
    pub fn new(
        algorithms: impl IntoIterator<Item = &'static dyn SignatureVerificationAlgorithm>,
    ) -> Self {
        Self(
            algorithms
                .into_iter()
                .filter(|a| is_listed(a.public_key_alg_id(), a.signature_alg_id()))
                .collect(),
        )
    }

    /// Whether there is none: nothing can be verified then.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn as_slice(&self) -> &[&'static dyn SignatureVerificationAlgorithm] {
        &self.0
    }

    /// Whether `issuer` signed `certificate`.
    pub(crate) fn verify(
        &self,
        certificate: &Certificate<'_>,
        issuer: &PublicKey<'_>,
    ) -> Result<(), SignatureProblem> {
        let Certificate {
            signature_algorithm,
            tbs,
            signature,
            ..
        } = certificate;
        self.verify_signed(signature_algorithm, tbs, signature, issuer)
    }

    /// Whether `issuer` signed the bytes `tbs`, by an algorithm that is given as the content of its identifier.
    pub(super) fn verify_signed(
        &self,
        signature_algorithm: &[u8],
        tbs: &[u8],
        signature: &[u8],
        issuer: &PublicKey<'_>,
    ) -> Result<(), SignatureProblem> {
        let mut candidates = self
            .0
            .iter()
            .filter(|a| &*a.signature_alg_id() == signature_algorithm)
            .peekable();
        if candidates.peek().is_none() {
            return Err(SignatureProblem::UnsupportedAlgorithm);
        }
        match candidates.find(|a| &*a.public_key_alg_id() == issuer.algorithm) {
            None => Err(SignatureProblem::KeyOfAnotherKind),
            Some(algorithm) => algorithm
                .verify_signature(issuer.key, tbs, signature)
                .map_err(|_| SignatureProblem::Invalid),
        }
    }
}

impl fmt::Debug for SignatureAlgorithms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter()).finish()
    }
}

/// Why a signature on a certificate does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignatureProblem {
    #[error("the signature does not verify with the issuer's key")]
    Invalid,
    #[error("the issuer's key is of another kind than the signature")]
    KeyOfAnotherKind,
    #[error("the signature algorithm is not on the list (SHA-1 and P-521 are not)")]
    UnsupportedAlgorithm,
}

fn is_listed(key: AlgorithmIdentifier, signature: AlgorithmIdentifier) -> bool {
    LISTED.iter().any(|l| l.0 == key && l.1 == signature)
}

const LISTED: &[(AlgorithmIdentifier, AlgorithmIdentifier)] = &[
    (alg_id::ECDSA_P256, alg_id::ECDSA_SHA256),
    (alg_id::ECDSA_P256, alg_id::ECDSA_SHA384),
    (alg_id::ECDSA_P384, alg_id::ECDSA_SHA256),
    (alg_id::ECDSA_P384, alg_id::ECDSA_SHA384),
    (alg_id::ED25519, alg_id::ED25519),
    (alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA256),
    (alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA384),
    (alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA512),
    (alg_id::RSA_ENCRYPTION, alg_id::RSA_PSS_SHA256),
    (alg_id::RSA_ENCRYPTION, alg_id::RSA_PSS_SHA384),
    (alg_id::RSA_ENCRYPTION, alg_id::RSA_PSS_SHA512),
];
