//! A key that is elsewhere, in rustls' signing seam.

use core::fmt;
use std::error::Error as StdError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use pki_types::CertificateDer;
use rustls::crypto::CryptoProvider;
use rustls::sign::{Signer, SigningKey};
use rustls::{Error, OtherError, SignatureAlgorithm, SignatureScheme as Native};

use super::verifier::HandshakeSignatures;
use crate::backend::Versions;
use crate::backend::settings::PROBE;
use crate::error::BuildError;
use crate::material;
use crate::material::{ExternalKey, KeyType, MtlsIdentity, SignatureScheme};
use crate::x509::{Certificate, rfc4514};

/// The most bytes of a signature: those of ML-DSA-87 (FIPS 204, section 4). rustls asserts that one
/// fits its length.
const MAX_SIGNATURE_BYTES: usize = 4627;

/// The adapter of an [`ExternalKey`].
pub(super) struct External {
    checked: Arc<Checked>,
    algorithm: SignatureAlgorithm,
    /// The key's order; never none.
    schemes: Vec<SignatureScheme>,
}

impl External {
    /// Takes the key after it has signed once: a wrong key id should be found now, not by the first
    /// peer.
    pub(super) fn new(
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
            checked: Arc::new(Checked {
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

impl SigningKey for External {
    fn choose_scheme(&self, offered: &[Native]) -> Option<Box<dyn Signer>> {
        // In TLS 1.3, rustls offers what TLS 1.3 allows.
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

/// One signature to come.
struct Session {
    checked: Arc<Checked>,
    scheme: SignatureScheme,
}

impl Signer for Session {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature = self.checked.sign(self.scheme, message);
        signature.map_err(|failure| {
            let source = match failure {
                Failure::Failed(source) => source,
                Failure::Wrong => Wrong(self.scheme).into(),
            };
            Error::Other(OtherError(Arc::new(Failed(Arc::new(source)))))
        })
    }

    fn scheme(&self) -> Native {
        native(self.scheme)
    }
}

/// A failure on its way through rustls.
#[derive(Debug, thiserror::Error)]
#[error("our signing key did not sign")]
pub(super) struct Failed(#[source] pub(super) Arc<Box<dyn StdError + Send + Sync>>);

#[derive(Debug, thiserror::Error)]
#[error("the signing key panicked; what it said stands where this process writes its panics")]
struct Panicked;

#[derive(Debug, thiserror::Error)]
#[error(
    "what the signing key gave is no signature by {0} of the key in our leaf, and was not sent; see that it signs by the \
     same key each time, and the whole message (not a digest of a digest), ECDSA in DER"
)]
struct Wrong(SignatureScheme);

/// Why there is no signature.
enum Failure {
    /// In the key's own words.
    Failed(Box<dyn StdError + Send + Sync>),
    /// It gave something else.
    Wrong,
}

/// The key, and what tells whether it signed.
struct Checked {
    signer: Arc<dyn material::SigningKey>,
    leaf: CertificateDer<'static>,
    signatures: HandshakeSignatures,
}

impl Checked {
    /// Nothing leaves unless it verifies with the leaf: one faulty signature by RSA can give the
    /// key away (Boneh and others, "On the Importance of Checking Cryptographic Protocols for
    /// Faults").
    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, Failure> {
        // The key is the application's code: a panic would go through rustls and end an accept loop.
        let signature = catch_unwind(AssertUnwindSafe(|| self.signer.sign(scheme, message)))
            .unwrap_or_else(|_| Err(Panicked.into()))
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
    let kind = key.kind();
    if is_unknown {
        return BuildError::InvalidSetting {
            setting: "identity",
            problem: format!(
                "the signing key ({kind}) offers no scheme that the crypto provider knows"
            ),
        };
    }
    let problem = if versions.tls13 {
        format!(
            "the signing key ({kind}) offers no scheme of TLS 1.3, which has no RSA PKCS#1 v1.5; let it sign by RSA-PSS, \
             or speak TLS 1.2 alone"
        )
    } else {
        format!("the signing key ({kind}) offers no scheme of TLS 1.2; speak TLS 1.3 as well")
    };
    BuildError::InvalidSetting {
        setting: "protocol_versions",
        problem,
    }
}

fn algorithm(kind: KeyType) -> SignatureAlgorithm {
    match kind {
        KeyType::EcdsaP256 | KeyType::EcdsaP384 | KeyType::EcdsaP521 => SignatureAlgorithm::ECDSA,
        KeyType::Ed25519 => SignatureAlgorithm::ED25519,
        // As rustls' own keys do: TLS 1.2, which this is for, has no number for it.
        KeyType::MlDsa44 | KeyType::MlDsa65 | KeyType::MlDsa87 => SignatureAlgorithm::Unknown(0),
        KeyType::Rsa { .. } => SignatureAlgorithm::RSA,
    }
}

const ALL: [SignatureScheme; 13] = [
    SignatureScheme::EcdsaP256Sha256,
    SignatureScheme::EcdsaP384Sha384,
    SignatureScheme::EcdsaP521Sha512,
    SignatureScheme::Ed25519,
    SignatureScheme::MlDsa44,
    SignatureScheme::MlDsa65,
    SignatureScheme::MlDsa87,
    SignatureScheme::RsaPkcs1Sha256,
    SignatureScheme::RsaPkcs1Sha384,
    SignatureScheme::RsaPkcs1Sha512,
    SignatureScheme::RsaPssSha256,
    SignatureScheme::RsaPssSha384,
    SignatureScheme::RsaPssSha512,
];

fn native(scheme: SignatureScheme) -> Native {
    match scheme {
        SignatureScheme::EcdsaP256Sha256 => Native::ECDSA_NISTP256_SHA256,
        SignatureScheme::EcdsaP384Sha384 => Native::ECDSA_NISTP384_SHA384,
        SignatureScheme::EcdsaP521Sha512 => Native::ECDSA_NISTP521_SHA512,
        SignatureScheme::Ed25519 => Native::ED25519,
        SignatureScheme::MlDsa44 => Native::ML_DSA_44,
        SignatureScheme::MlDsa65 => Native::ML_DSA_65,
        SignatureScheme::MlDsa87 => Native::ML_DSA_87,
        SignatureScheme::RsaPkcs1Sha256 => Native::RSA_PKCS1_SHA256,
        SignatureScheme::RsaPkcs1Sha384 => Native::RSA_PKCS1_SHA384,
        SignatureScheme::RsaPkcs1Sha512 => Native::RSA_PKCS1_SHA512,
        SignatureScheme::RsaPssSha256 => Native::RSA_PSS_SHA256,
        SignatureScheme::RsaPssSha384 => Native::RSA_PSS_SHA384,
        SignatureScheme::RsaPssSha512 => Native::RSA_PSS_SHA512,
    }
}

/// The scheme of ours with this number; `None` for one that is not on our list.
pub(super) fn ours(scheme: Native) -> Option<SignatureScheme> {
    ALL.into_iter().find(|known| native(*known) == scheme)
}

impl fmt::Debug for External {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "External({:?}, ..)", self.algorithm)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({})", self.scheme)
    }
}
