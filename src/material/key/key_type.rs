use core::fmt;

use const_oid::ObjectIdentifier;

use crate::error::MaterialProblem;
use crate::x509::{KeyKind, PublicKey, algorithm_name};

/// The accepted lengths of an RSA modulus, in bits.
pub(crate) const RSA_BITS: core::ops::RangeInclusive<usize> = 2048..=8192;

/// The kind of a private key that is accepted.
///
/// ```
/// use mtls::material::KeyType;
///
/// assert_eq!(KeyType::EcdsaP256.to_string(), "ECDSA P-256");
/// assert_ne!(KeyType::Rsa { bits: 2048 }, KeyType::Rsa { bits: 4096 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyType {
    /// ECDSA on the curve P-256 (`prime256v1`).
    EcdsaP256,
    /// ECDSA on the curve P-384 (`secp384r1`).
    EcdsaP384,
    /// ECDSA on the curve P-521 (`secp521r1`).
    EcdsaP521,
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ML-DSA-44 (FIPS 204, RFC 9881).
    MlDsa44,
    /// ML-DSA-65.
    MlDsa65,
    /// ML-DSA-87.
    MlDsa87,
    /// RSA (RFC 8017).
    Rsa {
        /// The length of the modulus in bits.
        bits: usize,
    },
}

impl KeyType {
    pub(crate) fn is_ml_dsa(self) -> bool {
        matches!(self, Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87)
    }

    /// Returns the kind of a public key; an error if it is not accepted.
    pub(crate) fn of(key: &PublicKey<'_>) -> Result<Self, MaterialProblem> {
        match key.kind() {
            Ok(KeyKind::P256) if key.is_unambiguous() => Ok(Self::EcdsaP256),
            Ok(KeyKind::P384) if key.is_unambiguous() => Ok(Self::EcdsaP384),
            Ok(KeyKind::P521) if key.fault().is_none() => Ok(Self::EcdsaP521),
            Ok(KeyKind::Ed25519) if key.is_unambiguous() => Ok(Self::Ed25519),
            Ok(KeyKind::MlDsa44) if key.fault().is_none() => Ok(Self::MlDsa44),
            Ok(KeyKind::MlDsa65) if key.fault().is_none() => Ok(Self::MlDsa65),
            Ok(KeyKind::MlDsa87) if key.fault().is_none() => Ok(Self::MlDsa87),
            Ok(KeyKind::Rsa { bits }) if RSA_BITS.contains(&bits) => Ok(Self::Rsa { bits }),
            Ok(kind) => Err(MaterialProblem::KeyUnsupported {
                found: kind.to_string(),
            }),
            Err(_) => Err(MaterialProblem::KeyMalformed),
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EcdsaP256 => f.write_str("ECDSA P-256"),
            Self::EcdsaP384 => f.write_str("ECDSA P-384"),
            Self::EcdsaP521 => f.write_str("ECDSA P-521"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::MlDsa44 => f.write_str("ML-DSA-44"),
            Self::MlDsa65 => f.write_str("ML-DSA-65"),
            Self::MlDsa87 => f.write_str("ML-DSA-87"),
            Self::Rsa { bits } => write!(f, "RSA of {bits} bits"),
        }
    }
}

/// Returns the name of an algorithm or curve that is not accepted.
pub(crate) fn name_of(oid: ObjectIdentifier) -> String {
    if oid == RSASSA_PSS {
        return "RSA-PSS (RSA restricted to PSS)".to_owned();
    }
    algorithm_name(oid)
}

const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
