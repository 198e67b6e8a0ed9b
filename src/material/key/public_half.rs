//! What is known of the public half of a private key.

use core::fmt::Write;

use sha2::{Digest, Sha256};

use super::key_type::KeyType;
use crate::x509::PublicKey;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PublicHalf<'a> {
    /// The `SubjectPublicKeyInfo` (RFC 5280, section 4.1.2.7).
    Known(&'a [u8]),
    /// The kind alone: no library at this floor derives it, and the input does not have it.
    OfKind(KeyType),
}

impl PublicHalf<'_> {
    /// Whether a certificate with this key may be the private key's.
    pub(crate) fn fits(&self, key: &PublicKey<'_>) -> bool {
        match self {
            Self::Known(spki) => PublicKey::from_spki(spki).is_ok_and(|ours| key.is_same(&ours)),
            Self::OfKind(kind) => KeyType::of(key).is_ok_and(|found| found == *kind),
        }
    }

    /// The digest of the `SubjectPublicKeyInfo`, for messages.
    pub(crate) fn sha256(&self) -> String {
        match self {
            Self::Known(spki) => hex(&Sha256::digest(spki)),
            Self::OfKind(_) => "unknown".to_owned(),
        }
    }
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
