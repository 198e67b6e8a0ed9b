use super::{EcCurve, PublicPart};

/// Whether each function here gives a public key.
pub(crate) const DERIVES_PUBLIC_KEYS: bool = false;

pub(crate) fn ec_public_key(_: EcCurve, _: &[u8]) -> PublicPart {
    PublicPart::Underived
}

pub(crate) fn ed25519_public_key(_: &[u8]) -> PublicPart {
    PublicPart::Underived
}

/// Returns the SHA-256 digest (FIPS 180-4).
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    hmac_sha256::Hash::hash(bytes)
}

/// A SHA-256 digest of several pieces.
pub(crate) struct Sha256(hmac_sha256::Hash);

impl Sha256 {
    pub(crate) fn new() -> Self {
        Self(hmac_sha256::Hash::new())
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> [u8; 32] {
        self.0.finalize()
    }
}
