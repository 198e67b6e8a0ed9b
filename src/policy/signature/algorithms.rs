use core::fmt;
use std::sync::Arc;

use pki_types::{AlgorithmIdentifier, CertificateDer, SignatureVerificationAlgorithm, alg_id};

use super::memo::SignatureMemo;
use super::remembering::{Memory, Remembering, VerifiedSignatures, VerifyingLibrary};
use crate::material::CertificateRequest;
use crate::x509::{Certificate, CertificateRequestView, PublicKey, identified_name};

/// The accepted signature algorithms of certificates, with their implementations.
///
/// The crate has one list for every backend; no algorithm on it uses SHA-1:
///
/// | algorithm | aws-lc-rs | ring | OpenSSL |
/// |---|---|---|---|
/// | ECDSA over P-256 and P-384, with SHA-256 or SHA-384 | yes | yes | yes |
/// | Ed25519 | yes | yes | yes |
/// | RSA PKCS#1 v1.5 and PSS, with SHA-256, SHA-384 or SHA-512 | yes | yes | yes |
/// | ECDSA over P-256 and P-384, with SHA-512 | yes | no | yes |
/// | ECDSA over P-521, with SHA-256, SHA-384 or SHA-512 | yes | no | yes |
/// | ML-DSA-44, ML-DSA-65, ML-DSA-87 (RFC 9881) | yes | no | from 3.5 on |
///
/// A key with an unsupported algorithm is rejected as `UnsupportedKey`, a signature as
/// `UnsupportedSignatureAlgorithm`.
///
/// Cloning is cheap. Each backend value provides its own:
/// `Rustls::default().signature_algorithms()`.
///
/// ```
/// use mtls::Rustls;
/// use mtls::policy::SignatureAlgorithms;
///
/// assert!(!Rustls::default().signature_algorithms()?.is_empty());
/// assert!(SignatureAlgorithms::new([]).is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SignatureAlgorithms {
    all: Arc<[&'static dyn SignatureVerificationAlgorithm]>,
    /// `None` if every signature is verified.
    memory: Option<Memory>,
    /// Whose implementations these are. Clones are the same.
    library: VerifyingLibrary,
}

impl SignatureAlgorithms {
    /// Lacks the NULL that should follow; readers must accept both forms (RFC 4055, section 5).
    pub(crate) const RSA_PKCS1_SHA256_BARE: AlgorithmIdentifier =
        AlgorithmIdentifier::from_slice(&[
            0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b,
        ]);
    pub(crate) const RSA_PKCS1_SHA384_BARE: AlgorithmIdentifier =
        AlgorithmIdentifier::from_slice(&[
            0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c,
        ]);
    pub(crate) const RSA_PKCS1_SHA512_BARE: AlgorithmIdentifier =
        AlgorithmIdentifier::from_slice(&[
            0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d,
        ]);

    /// Keeps the `algorithms` that are on the crate's list and drops the others.
    ///
    /// An algorithm must reject a key whose point is not on its curve (SEC 1, section 3.2.2.1): for
    /// the keys of intermediate CAs nothing else does.
    pub fn new(
        algorithms: impl IntoIterator<Item = &'static dyn SignatureVerificationAlgorithm>,
    ) -> Self {
        Self {
            all: algorithms
                .into_iter()
                .filter(|a| is_listed(a.public_key_alg_id(), a.signature_alg_id()))
                .collect(),
            memory: None,
            library: VerifyingLibrary::new(),
        }
    }

    /// Looks signatures up in this memo before they are verified.
    ///
    /// For a [`PeerVerifier`](crate::PeerVerifier) without connections; the builders of clients and
    /// servers have `signature_memo`. Those keep the signatures of peers that have proved their
    /// keys; a `PeerVerifier` keeps none, since anyone's chain may be verified by it.
    /// [`is_signed_by`](Self::is_signed_by) keeps what it has verified. In a memo that several
    /// libraries share, each finds its own signatures alone.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let (client, ca) = (pki::client_identity(), pki::anchors());
    /// # let (leaf, ca) = (client.chain().leaf(), &ca.as_slice()[0]);
    /// use mtls::policy::SignatureMemo;
    ///
    /// let memo = SignatureMemo::default();
    /// let algorithms = mtls::Rustls::default().signature_algorithms()?.with_memo(&memo);
    /// // Kept when it is met again.
    /// for _ in 0..3 {
    ///     assert_eq!(algorithms.is_signed_by(leaf, ca), Some(true));
    /// }
    /// assert_eq!((memo.hits(), memo.misses()), (1, 2));
    /// # Ok::<(), mtls::BuildError>(())
    /// ```
    #[must_use]
    pub fn with_memo(self, memo: &SignatureMemo) -> Self {
        Self {
            memory: (!memo.is_off()).then(|| Memory::new(self.library, memo.clone())),
            ..self
        }
    }

    /// Keeps verified signatures in the memo, if there is one.
    pub(crate) fn remember(&self, verified: VerifiedSignatures) {
        if let Some(memory) = &self.memory {
            memory.keep(verified);
        }
    }

    /// Returns whether the list is empty; nothing can be verified then.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Returns whether `issuer` signed `certificate`; their names are not compared.
    ///
    /// `None` if that cannot be known: one of them is no certificate, or the algorithm is not among
    /// these.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let (client, ca) = (pki::client_identity(), pki::anchors());
    /// # let (leaf, ca) = (client.chain().leaf(), &ca.as_slice()[0]);
    /// let algorithms = mtls::Rustls::default().signature_algorithms()?;
    /// assert_eq!(algorithms.is_signed_by(leaf, ca), Some(true));
    /// assert_eq!(algorithms.is_signed_by(ca, leaf), Some(false));
    /// # Ok::<(), mtls::BuildError>(())
    /// ```
    pub fn is_signed_by(
        &self,
        certificate: &CertificateDer<'_>,
        issuer: &CertificateDer<'_>,
    ) -> Option<bool> {
        let certificate = Certificate::from_der(certificate).ok()?;
        let issuer = Certificate::from_der(issuer).ok()?;
        is_verified(self.verify(&certificate, &issuer.public_key))
    }

    /// Returns whether a request is signed by its own key, which proves that the requester has it.
    ///
    /// `None` if that cannot be known, because the algorithm is not among these.
    pub fn is_signed_by_its_key(&self, request: &CertificateRequest) -> Option<bool> {
        let view = CertificateRequestView::from_der(request.as_der()).ok()?;
        is_verified(self.verify_signed(
            view.signature_algorithm,
            view.info,
            view.signature,
            &view.public_key,
        ))
    }

    /// Returns whether a signature by this key can be verified.
    ///
    /// With an empty list the platform verifies, so every key passes.
    pub(in crate::policy) fn take_key(&self, key: &PublicKey<'_>) -> bool {
        self.is_empty() || self.take_keys_of(key.algorithm)
    }

    /// Returns whether keys with this algorithm identifier (its content) are supported.
    pub(in crate::policy) fn take_keys_of(&self, algorithm: &[u8]) -> bool {
        self.all
            .iter()
            .any(|a| &*a.public_key_alg_id() == algorithm)
    }

    /// Returns whether signatures with this algorithm identifier (its content) can be verified.
    pub(in crate::policy) fn take_signature(&self, algorithm: &[u8]) -> bool {
        self.all.iter().any(|a| &*a.signature_alg_id() == algorithm)
    }

    /// Returns whether both have the same implementations.
    ///
    /// What one of them verified, the other verifies too.
    pub(in crate::policy) fn are_same_as(&self, other: &Self) -> bool {
        self.library == other.library
    }

    /// Calls `search` with the algorithms, which look into the memo first.
    ///
    /// `verified` takes the signatures that had to be verified.
    pub(in crate::policy) fn searching<T>(
        &self,
        verified: &VerifiedSignatures,
        search: impl FnOnce(&[&dyn SignatureVerificationAlgorithm]) -> T,
    ) -> T {
        let Some(memory) = &self.memory else {
            return search(&self.all);
        };
        let remembering: Vec<_> = self
            .all
            .iter()
            .map(|algorithm| Remembering::new(*algorithm, memory, verified))
            .collect();
        let all: Vec<_> = remembering
            .iter()
            .map(|algorithm| algorithm as &dyn SignatureVerificationAlgorithm)
            .collect();
        search(&all)
    }

    /// Verifies that `issuer` signed `certificate`, which is not a peer's.
    ///
    /// The signature is kept at once.
    pub(crate) fn verify(
        &self,
        certificate: &Certificate<'_>,
        issuer: &PublicKey<'_>,
    ) -> Result<(), SignatureProblem> {
        let verified = VerifiedSignatures::default();
        self.verify_presented(certificate, issuer, &verified)?;
        self.remember(verified);
        Ok(())
    }

    /// Verifies that `issuer` signed a peer's certificate.
    pub(in crate::policy) fn verify_presented(
        &self,
        certificate: &Certificate<'_>,
        issuer: &PublicKey<'_>,
        verified: &VerifiedSignatures,
    ) -> Result<(), SignatureProblem> {
        let Certificate {
            signature_algorithm,
            tbs,
            signature,
            ..
        } = certificate;
        self.verify_by(signature_algorithm, tbs, signature, issuer, verified)
    }

    /// Verifies that `issuer` signed the bytes `tbs` of a list; the signature is kept at once.
    ///
    /// `signature_algorithm` is the content of the algorithm identifier.
    pub(in crate::policy) fn verify_signed(
        &self,
        signature_algorithm: &[u8],
        tbs: &[u8],
        signature: &[u8],
        issuer: &PublicKey<'_>,
    ) -> Result<(), SignatureProblem> {
        let verified = VerifiedSignatures::default();
        self.verify_by(signature_algorithm, tbs, signature, issuer, &verified)?;
        self.remember(verified);
        Ok(())
    }

    fn verify_by(
        &self,
        signature_algorithm: &[u8],
        tbs: &[u8],
        signature: &[u8],
        issuer: &PublicKey<'_>,
        verified: &VerifiedSignatures,
    ) -> Result<(), SignatureProblem> {
        let mut candidates = self
            .all
            .iter()
            .filter(|a| &*a.signature_alg_id() == signature_algorithm)
            .peekable();
        if candidates.peek().is_none() {
            let name = identified_name(signature_algorithm);
            return Err(SignatureProblem::UnsupportedAlgorithm { name });
        }
        match candidates.find(|a| &*a.public_key_alg_id() == issuer.algorithm) {
            None => Err(SignatureProblem::KeyOfAnotherKind),
            Some(algorithm) => {
                let answer = match &self.memory {
                    Some(memory) => Remembering::new(*algorithm, memory, verified)
                        .verify_signature(issuer.key, tbs, signature),
                    None => algorithm.verify_signature(issuer.key, tbs, signature),
                };
                answer.map_err(|_| SignatureProblem::Invalid)
            }
        }
    }
}

impl fmt::Debug for SignatureAlgorithms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all.iter()).finish()
    }
}

/// Why a certificate's signature is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignatureProblem {
    #[error("the signature does not verify with the issuer's key")]
    Invalid,
    #[error("the issuer's key is of another kind than the signature")]
    KeyOfAnotherKind,
    #[error(
        "the signature algorithm {name} is not accepted, or the crypto library does not have it"
    )]
    UnsupportedAlgorithm { name: String },
}

fn is_verified(result: Result<(), SignatureProblem>) -> Option<bool> {
    match result {
        Ok(()) => Some(true),
        Err(SignatureProblem::Invalid | SignatureProblem::KeyOfAnotherKind) => Some(false),
        Err(SignatureProblem::UnsupportedAlgorithm { .. }) => None,
    }
}

fn is_listed(key: AlgorithmIdentifier, signature: AlgorithmIdentifier) -> bool {
    LISTED.iter().any(|l| l.0 == key && l.1 == signature)
}

const LISTED: &[(AlgorithmIdentifier, AlgorithmIdentifier)] = &[
    (alg_id::ECDSA_P256, alg_id::ECDSA_SHA256),
    (alg_id::ECDSA_P256, alg_id::ECDSA_SHA384),
    (alg_id::ECDSA_P256, alg_id::ECDSA_SHA512),
    (alg_id::ECDSA_P384, alg_id::ECDSA_SHA256),
    (alg_id::ECDSA_P384, alg_id::ECDSA_SHA384),
    (alg_id::ECDSA_P384, alg_id::ECDSA_SHA512),
    (alg_id::ECDSA_P521, alg_id::ECDSA_SHA256),
    (alg_id::ECDSA_P521, alg_id::ECDSA_SHA384),
    (alg_id::ECDSA_P521, alg_id::ECDSA_SHA512),
    (alg_id::ED25519, alg_id::ED25519),
    (alg_id::ML_DSA_44, alg_id::ML_DSA_44),
    (alg_id::ML_DSA_65, alg_id::ML_DSA_65),
    (alg_id::ML_DSA_87, alg_id::ML_DSA_87),
    (alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA256),
    (alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA384),
    (alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA512),
    (
        alg_id::RSA_ENCRYPTION,
        SignatureAlgorithms::RSA_PKCS1_SHA256_BARE,
    ),
    (
        alg_id::RSA_ENCRYPTION,
        SignatureAlgorithms::RSA_PKCS1_SHA384_BARE,
    ),
    (
        alg_id::RSA_ENCRYPTION,
        SignatureAlgorithms::RSA_PKCS1_SHA512_BARE,
    ),
    (alg_id::RSA_ENCRYPTION, alg_id::RSA_PSS_SHA256),
    (alg_id::RSA_ENCRYPTION, alg_id::RSA_PSS_SHA384),
    (alg_id::RSA_ENCRYPTION, alg_id::RSA_PSS_SHA512),
];
