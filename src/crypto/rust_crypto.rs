use p256::elliptic_curve::sec1::ToSec1Point;
use sha2::Digest;

use super::{EcCurve, PublicPart};

/// Whether each function here gives a public key.
pub(crate) const DERIVES_PUBLIC_KEYS: bool = true;

/// Derives the public point of a scalar that has the length of the curve's order.
pub(crate) fn ec_public_key(curve: EcCurve, scalar: &[u8]) -> PublicPart {
    let point = match curve {
        EcCurve::P256 => p256::SecretKey::from_slice(scalar)
            .map(|secret| secret.public_key().to_sec1_point(false).as_bytes().to_vec()),
        EcCurve::P384 => p384::SecretKey::from_slice(scalar)
            .map(|secret| secret.public_key().to_sec1_point(false).as_bytes().to_vec()),
    };
    point.map_or(PublicPart::Invalid, PublicPart::Derived)
}

/// Derives the public key of a seed of 32 octets.
pub(crate) fn ed25519_public_key(seed: &[u8]) -> PublicPart {
    let Ok(seed) = <&[u8; 32]>::try_from(seed) else {
        return PublicPart::Invalid;
    };
    let pair = ed25519_dalek::SigningKey::from_bytes(seed);
    PublicPart::Derived(pair.verifying_key().as_bytes().to_vec())
}

/// Returns the SHA-256 digest (FIPS 180-4).
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    sha2::Sha256::digest(bytes).into()
}

/// A SHA-256 digest of several pieces.
pub(crate) struct Sha256(sha2::Sha256);

impl Sha256 {
    pub(crate) fn new() -> Self {
        Self(sha2::Sha256::new())
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}
