use core::fmt;

use super::key_type::KeyType;

/// A scheme by which a [`SigningKey`](crate::material::SigningKey) signs (RFC 8446, section 4.2.3).
///
/// `Display` writes the name in that RFC.
///
/// A signature has the encoding of TLS: ECDSA is DER, a SEQUENCE of two INTEGERs
/// (`Ecdsa-Sig-Value`); Ed25519 has 64 bytes; RSA is as long as the modulus; ML-DSA has 2420, 3309
/// or 4627 bytes, and is made with an empty context (RFC 9881, section 3).
///
/// Which schemes a peer verifies depends on its crypto library:
/// [`SignatureAlgorithms`](crate::policy::SignatureAlgorithms) has the table.
///
/// ```
/// use mtls::material::{KeyType, SignatureScheme};
///
/// let scheme = SignatureScheme::EcdsaP256Sha256;
/// assert_eq!(scheme.to_string(), "ecdsa_secp256r1_sha256");
/// assert!(scheme.fits(KeyType::EcdsaP256) && !scheme.fits(KeyType::Ed25519));
/// assert!(scheme.is_for_tls12() && scheme.is_for_tls13());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureScheme {
    /// ECDSA on P-256 with SHA-256.
    EcdsaP256Sha256,
    /// ECDSA on P-384 with SHA-384.
    EcdsaP384Sha384,
    /// ECDSA on P-521 with SHA-512.
    EcdsaP521Sha512,
    /// Ed25519 (RFC 8032), over the unhashed message.
    Ed25519,
    /// ML-DSA-44 (FIPS 204), over the unhashed message; TLS 1.3 only.
    MlDsa44,
    /// ML-DSA-65, over the unhashed message; TLS 1.3 only.
    MlDsa65,
    /// ML-DSA-87, over the unhashed message; TLS 1.3 only.
    MlDsa87,
    /// RSA PKCS#1 v1.5 with SHA-256 (RFC 8017, section 8.2); TLS 1.2 only.
    RsaPkcs1Sha256,
    /// RSA PKCS#1 v1.5 with SHA-384; TLS 1.2 only.
    RsaPkcs1Sha384,
    /// RSA PKCS#1 v1.5 with SHA-512; TLS 1.2 only.
    RsaPkcs1Sha512,
    /// RSA-PSS with SHA-256, MGF1 with SHA-256, and a salt of 32 bytes (RFC 8017, section 8.1).
    RsaPssSha256,
    /// RSA-PSS with SHA-384, MGF1 with SHA-384, and a salt of 48 bytes.
    RsaPssSha384,
    /// RSA-PSS with SHA-512, MGF1 with SHA-512, and a salt of 64 bytes.
    RsaPssSha512,
}

impl SignatureScheme {
    /// Returns whether TLS 1.3 handshakes may be signed by it (RFC 8446, section 4.2.3).
    pub fn is_for_tls13(self) -> bool {
        !matches!(
            self,
            Self::RsaPkcs1Sha256 | Self::RsaPkcs1Sha384 | Self::RsaPkcs1Sha512
        )
    }

    /// Returns whether TLS 1.2 handshakes may be signed by it.
    ///
    /// RFC 5246, section 7.4.1.4.1, has the algorithms; ML-DSA is not among them.
    pub fn is_for_tls12(self) -> bool {
        !matches!(self, Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87)
    }

    /// Returns whether a key of this kind can sign by it.
    pub fn fits(self, key: KeyType) -> bool {
        match key {
            KeyType::EcdsaP256 => self == Self::EcdsaP256Sha256,
            KeyType::EcdsaP384 => self == Self::EcdsaP384Sha384,
            KeyType::EcdsaP521 => self == Self::EcdsaP521Sha512,
            KeyType::Ed25519 => self == Self::Ed25519,
            KeyType::MlDsa44 => self == Self::MlDsa44,
            KeyType::MlDsa65 => self == Self::MlDsa65,
            KeyType::MlDsa87 => self == Self::MlDsa87,
            KeyType::Rsa { .. } => matches!(
                self,
                Self::RsaPkcs1Sha256
                    | Self::RsaPkcs1Sha384
                    | Self::RsaPkcs1Sha512
                    | Self::RsaPssSha256
                    | Self::RsaPssSha384
                    | Self::RsaPssSha512
            ),
        }
    }

    /// The name in RFC 8446.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::EcdsaP256Sha256 => "ecdsa_secp256r1_sha256",
            Self::EcdsaP384Sha384 => "ecdsa_secp384r1_sha384",
            Self::EcdsaP521Sha512 => "ecdsa_secp521r1_sha512",
            Self::Ed25519 => "ed25519",
            Self::MlDsa44 => "mldsa44",
            Self::MlDsa65 => "mldsa65",
            Self::MlDsa87 => "mldsa87",
            Self::RsaPkcs1Sha256 => "rsa_pkcs1_sha256",
            Self::RsaPkcs1Sha384 => "rsa_pkcs1_sha384",
            Self::RsaPkcs1Sha512 => "rsa_pkcs1_sha512",
            Self::RsaPssSha256 => "rsa_pss_rsae_sha256",
            Self::RsaPssSha384 => "rsa_pss_rsae_sha384",
            Self::RsaPssSha512 => "rsa_pss_rsae_sha512",
        }
    }
}

impl fmt::Display for SignatureScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
