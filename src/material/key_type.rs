use core::fmt;

use const_oid::ObjectIdentifier;

use crate::error::MaterialProblem;
use crate::x509::{KeyKind, PublicKey};

/// The RSA keys that are accepted, by the length of the modulus.
pub(super) const RSA_BITS: core::ops::RangeInclusive<usize> = 2048..=8192;

/// The kinds of private keys that are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyType {
    /// ECDSA on the curve P-256 (`prime256v1`).
    EcdsaP256,
    /// ECDSA on the curve P-384 (`secp384r1`).
    EcdsaP384,
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// RSA (RFC 8017).
    Rsa {
        /// The length of the modulus.
        bits: usize,
    },
}

impl KeyType {
    /// The kind of a public key, where it is one that is accepted.
    pub(super) fn of(key: &PublicKey<'_>) -> Result<Self, MaterialProblem> {
        match key.kind() {
            Ok(KeyKind::P256) if key.is_unambiguous() => Ok(Self::EcdsaP256),
            Ok(KeyKind::P384) if key.is_unambiguous() => Ok(Self::EcdsaP384),
            Ok(KeyKind::Ed25519) if key.is_unambiguous() => Ok(Self::Ed25519),
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
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Rsa { bits } => write!(f, "RSA of {bits} bits"),
        }
    }
}

/// The name of an algorithm or a curve that is refused.
pub(super) fn name_of(oid: ObjectIdentifier) -> String {
    let oid = oid.to_string();
    let name = match oid.as_str() {
        "1.2.840.10040.4.1" => "DSA",
        "1.2.840.10045.3.1.1" => "ECDSA P-192",
        "1.2.840.10046.2.1" | "1.2.840.113549.1.3.1" => "Diffie-Hellman",
        "1.2.840.113549.1.1.10" => "RSA-PSS (RSA restricted to PSS)",
        "1.3.101.110" => "X25519 (key agreement only)",
        "1.3.101.111" => "X448 (key agreement only)",
        "1.3.101.113" => "Ed448",
        "1.3.132.0.10" => "ECDSA secp256k1",
        "1.3.132.0.33" => "ECDSA P-224",
        "1.3.132.0.35" => "ECDSA P-521",
        "1.3.36.3.3.2.8.1.1.7" => "ECDSA brainpoolP256r1",
        "1.3.36.3.3.2.8.1.1.11" => "ECDSA brainpoolP384r1",
        "1.3.36.3.3.2.8.1.1.13" => "ECDSA brainpoolP512r1",
        other => return format!("of the type {other}"),
    };
    name.to_owned()
}
