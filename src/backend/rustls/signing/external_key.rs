//! An external key behind rustls' signing interface.

use core::fmt;
use std::error::Error as StdError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use pki_types::CertificateDer;
use rustls::crypto::CryptoProvider;
use rustls::sign::{Signer, SigningKey};
use rustls::{Error, OtherError, SignatureAlgorithm, SignatureScheme as Native};

use super::failure::SignFailure;
use super::scheme::native;
use crate::backend::Versions;
use crate::backend::rustls::verifier::handshake_signatures::HandshakeSignatures;
use crate::backend::settings::PROBE;
use crate::error::SettingProblem;
use crate::material::key::signing_fault::SigningFault;
use crate::material::{self, ExternalKey, KeyType, MtlsIdentity, SignatureScheme};
use crate::policy::BuildError;
use crate::x509::{Certificate, rfc4514};

/// The most bytes of a signature: those of ML-DSA-87 (FIPS 204, section 4).
///
/// rustls asserts that the length of a signature fits its field.
const MAX_SIGNATURE_BYTES: usize = 4627;

/// The adapter of an [`ExternalKey`].
pub(in crate::backend::rustls) struct ExternalSigner {
    checked: Arc<VerifyingSigner>,
    algorithm: SignatureAlgorithm,
    /// In the key's order; never empty.
    schemes: Vec<SignatureScheme>,
}

impl ExternalSigner {
    /// Makes a signer after the key has signed once.
    ///
    /// A wrong key id is then found now, not by the first peer.
    pub(in crate::backend::rustls) fn new(
        key: &ExternalKey,
        identity: &MtlsIdentity,
        provider: &CryptoProvider,
        versions: Versions,
    ) -> Result<Self, BuildError> {
        let signatures = HandshakeSignatures::new(provider);
        let known = signatures.schemes();
        let schemes = key.schemes().iter().copied();
        let schemes: Vec<_> = schemes.filter(|s| known.contains(&native(*s))).collect();
        let first = schemes.iter().find(|scheme| {
            if versions.tls13 {
                scheme.is_for_tls13()
            } else {
                scheme.is_for_tls12()
            }
        });
        let Some(&first) = first else {
            return Err(no_scheme(key, schemes.is_empty(), versions));
        };
        let external = Self {
            checked: Arc::new(VerifyingSigner {
                signer: Arc::clone(key.signer()),
                leaf: identity.chain().leaf().clone().into_owned(),
                signatures,
            }),
            algorithm: algorithm(key.kind()),
            schemes,
        };
        external.prove(first)?;
        Ok(external)
    }

    fn prove(&self, scheme: SignatureScheme) -> Result<(), BuildError> {
        let Err(failure) = self.checked.sign(scheme, PROBE) else {
            return Ok(());
        };
        Err(match failure {
            Failure::Failed(source) => BuildError::SigningKeyFailed {
                scheme: scheme.to_string(),
                source,
            },
            Failure::Wrong => BuildError::SigningKeyMismatch {
                scheme: scheme.to_string(),
                subject: Certificate::from_der(&self.checked.leaf)
                    .map_or_else(|_| String::new(), |leaf| rfc4514(leaf.subject)),
            },
        })
    }
}

impl SigningKey for ExternalSigner {
    fn choose_scheme(&self, offered: &[Native]) -> Option<Box<dyn Signer>> {
        // In TLS 1.3, rustls offers only schemes that TLS 1.3 allows.
        let fits = |scheme: &&SignatureScheme| offered.contains(&native(**scheme));
        let scheme = *self.schemes.iter().find(fits)?;
        Some(Box::new(Session {
            checked: Arc::clone(&self.checked),
            scheme,
        }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}

/// A scheme that was chosen for one signature.
struct Session {
    checked: Arc<VerifyingSigner>,
    scheme: SignatureScheme,
}

impl Signer for Session {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature = self.checked.sign(self.scheme, message);
        signature.map_err(|failure| {
            let source = match failure {
                Failure::Failed(source) => source,
                Failure::Wrong => SigningFault::InvalidSignature {
                    scheme: self.scheme,
                }
                .into(),
            };
            Error::Other(OtherError(Arc::new(SignFailure(Arc::new(source)))))
        })
    }

    fn scheme(&self) -> Native {
        native(self.scheme)
    }
}

/// Why there is no signature.
enum Failure {
    /// The key's own error.
    Failed(Box<dyn StdError + Send + Sync>),
    /// The key returned something else.
    Wrong,
}

/// The key, and the leaf by which its signatures are verified.
struct VerifyingSigner {
    signer: Arc<dyn material::SigningKey>,
    leaf: CertificateDer<'static>,
    signatures: HandshakeSignatures,
}

impl VerifyingSigner {
    /// Signs, and returns the signature only if it verifies with the leaf.
    ///
    /// One faulty RSA signature can reveal the key (Boneh and others, "On the Importance of
    /// Checking Cryptographic Protocols for Faults").
    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, Failure> {
        // The key is the caller's code: its panic would pass through rustls and end an accept loop.
        let signature = catch_unwind(AssertUnwindSafe(|| self.signer.sign(scheme, message)))
            .unwrap_or_else(|_| Err(SigningFault::Panicked.into()))
            .map_err(Failure::Failed)?;
        if signature.len() > MAX_SIGNATURE_BYTES {
            return Err(Failure::Wrong);
        }
        let leaf = Certificate::from_der(&self.leaf).map_err(|_| Failure::Wrong)?;
        self.signatures
            .verify_by(native(scheme), &leaf, message, &signature)
            .map_err(|_| Failure::Wrong)?;
        Ok(signature)
    }
}

fn no_scheme(key: &ExternalKey, is_unknown: bool, versions: Versions) -> BuildError {
    let key = key.kind();
    let (setting, problem) = if is_unknown {
        ("identity", SettingProblem::NoKnownScheme { key })
    } else if versions.tls13 {
        (
            "protocol_versions",
            SettingProblem::NoSchemeForTls13 { key },
        )
    } else {
        (
            "protocol_versions",
            SettingProblem::NoSchemeForTls12 { key },
        )
    };
    BuildError::InvalidSetting { setting, problem }
}

fn algorithm(kind: KeyType) -> SignatureAlgorithm {
    match kind {
        KeyType::EcdsaP256 | KeyType::EcdsaP384 | KeyType::EcdsaP521 => SignatureAlgorithm::ECDSA,
        KeyType::Ed25519 => SignatureAlgorithm::ED25519,
        // As rustls' own keys do: only TLS 1.2 uses it, which has no number for ML-DSA.
        KeyType::MlDsa44 | KeyType::MlDsa65 | KeyType::MlDsa87 => SignatureAlgorithm::Unknown(0),
        KeyType::Rsa { .. } => SignatureAlgorithm::RSA,
    }
}

impl fmt::Debug for ExternalSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExternalSigner({:?}, ..)", self.algorithm)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({})", self.scheme)
    }
}
