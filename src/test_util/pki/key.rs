use std::sync::{Arc, OnceLock};

use pki_types::PrivatePkcs8KeyDer;
use rcgen::KeyPair;

/// The kind of a key that the kit makes. The default of each builder is P-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// ECDSA with P-256 and SHA-256.
    P256,
    /// ECDSA with P-384 and SHA-384.
    P384,
    /// ECDSA with P-521 and SHA-512.
    P521,
    /// RSA with 2048 bits, and SHA-256.
    ///
    /// One key for the whole process, since making one takes long.
    Rsa,
}

impl KeyAlgorithm {
    /// The kinds that every backend signs with.
    pub const ALL: [Self; 4] = [Self::Ed25519, Self::P256, Self::P384, Self::Rsa];

    pub(super) fn key(self) -> Arc<KeyPair> {
        static RSA: OnceLock<Arc<KeyPair>> = OnceLock::new();
        let make = |algorithm| Arc::new(KeyPair::generate_for(algorithm).expect("no key"));
        match self {
            Self::Ed25519 => make(&rcgen::PKCS_ED25519),
            Self::P256 => make(&rcgen::PKCS_ECDSA_P256_SHA256),
            Self::P384 => make(&rcgen::PKCS_ECDSA_P384_SHA384),
            Self::P521 => make(&rcgen::PKCS_ECDSA_P521_SHA512),
            Self::Rsa => RSA.get_or_init(|| make(&rcgen::PKCS_RSA_SHA256)).clone(),
        }
    }

    /// The `AlgorithmIdentifier` of a signature by such a key, encoded.
    pub(super) fn signature_algorithm(self) -> &'static [u8] {
        match self {
            Self::Ed25519 => b"\x30\x05\x06\x03\x2b\x65\x70",
            Self::P256 => b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02",
            Self::P384 => b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03",
            Self::P521 => b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04",
            Self::Rsa => b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00",
        }
    }
}

/// Returns PKCS#8 of version 1.
///
/// rcgen writes Ed25519 keys in version 2 (RFC 5958), which OpenSSL 3.0 cannot read.
pub(super) fn pkcs8(key: &KeyPair) -> PrivatePkcs8KeyDer<'static> {
    const ED25519_V1: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    let der = key.serialized_der();
    if key.algorithm() != &rcgen::PKCS_ED25519 {
        return der.to_vec().into();
    }
    let seed = der.get(ED25519_V1.len()..ED25519_V1.len() + 32);
    [ED25519_V1, seed.expect("no seed")].concat().into()
}
