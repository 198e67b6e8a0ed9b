//! The known part of a private key's public half.

use base16ct::HexDisplay;

use super::key_type::KeyType;
use crate::crypto::sha256;
use crate::x509::PublicKey;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PublicHalf<'a> {
    /// The `SubjectPublicKeyInfo` (RFC 5280, section 4.1.2.7).
    Known(&'a [u8]),
    /// Only the kind: this module has no library that derives it, and the input does not contain
    /// it.
    OfKind(KeyType),
}

impl PublicHalf<'_> {
    /// Returns whether a certificate with this public key may belong to the private key.
    pub(crate) fn fits(&self, key: &PublicKey<'_>) -> bool {
        match self {
            Self::Known(spki) => PublicKey::from_spki(spki).is_ok_and(|ours| key.is_same(&ours)),
            Self::OfKind(kind) => KeyType::of(key).is_ok_and(|found| found == *kind),
        }
    }

    /// Returns the digest of the `SubjectPublicKeyInfo`, for messages.
    pub(crate) fn sha256(&self) -> String {
        match self {
            Self::Known(spki) => format!("{:x}", HexDisplay(&sha256(spki))),
            Self::OfKind(_) => "unknown".to_owned(),
        }
    }
}
