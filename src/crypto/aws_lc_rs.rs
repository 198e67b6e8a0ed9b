use aws_lc_rs::agreement::{ECDH_P256, ECDH_P384, PrivateKey};
use aws_lc_rs::digest::{self, Context, SHA256};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

use super::{EcCurve, PublicPart};

/// Whether each function here gives a public key.
pub(crate) const DERIVES_PUBLIC_KEYS: bool = true;

/// Derives the public point of a scalar that has the length of the curve's order.
pub(crate) fn ec_public_key(curve: EcCurve, scalar: &[u8]) -> PublicPart {
    let algorithm = match curve {
        EcCurve::P256 => &ECDH_P256,
        EcCurve::P384 => &ECDH_P384,
    };
    // The type is for key agreement. A key for signatures takes no scalar without its point.
    let point = PrivateKey::from_private_key(algorithm, scalar)
        .ok()
        .and_then(|key| key.compute_public_key().ok());
    point.map_or(PublicPart::Invalid, |point| {
        PublicPart::Derived(point.as_ref().to_vec())
    })
}

/// Derives the public key of a seed of 32 octets.
pub(crate) fn ed25519_public_key(seed: &[u8]) -> PublicPart {
    Ed25519KeyPair::from_seed_unchecked(seed).map_or(PublicPart::Invalid, |pair| {
        PublicPart::Derived(pair.public_key().as_ref().to_vec())
    })
}

/// Returns the SHA-256 digest (FIPS 180-4).
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    octets(&digest::digest(&SHA256, bytes))
}

/// A SHA-256 digest of several pieces.
pub(crate) struct Sha256(Context);

impl Sha256 {
    pub(crate) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> [u8; 32] {
        octets(&self.0.finish())
    }
}

fn octets(digest: &digest::Digest) -> [u8; 32] {
    let mut octets = [0; 32];
    octets.copy_from_slice(digest.as_ref());
    octets
}
