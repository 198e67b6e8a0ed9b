//! Public keys: what kind, how strong.

use core::fmt;

use const_oid::ObjectIdentifier;
use der::asn1::UintRef;
use der::{Decode, Reader, Tag};
use ed25519_dalek::VerifyingKey;

use super::cursor::Cursor;
use super::{sequence_content, whole_bits};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const ED448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.113");

/// A `SubjectPublicKeyInfo` (RFC 5280, section 4.1.2.7).
#[derive(Clone, Copy, Debug)]
pub(crate) struct PublicKey<'a> {
    /// The whole structure with its header: what an SPKI pin is taken over (RFC 7469, section 2.4).
    pub(crate) spki: &'a [u8],
    /// Content of the `AlgorithmIdentifier`.
    pub(crate) algorithm: &'a [u8],
    /// Content of the BIT STRING.
    pub(crate) key: &'a [u8],
}

/// What a public key is, as far as the rules distinguish keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Rsa { bits: usize },
    RsaPss,
    P256,
    P384,
    P521,
    Ed25519,
    Ed448,
    Other(ObjectIdentifier),
}

impl<'a> PublicKey<'a> {
    pub(crate) fn decode(r: &mut Cursor<'a>) -> der::Result<Self> {
        let (spki, content) = r.element(Tag::Sequence)?;
        Self::from_content(spki, content)
    }

    /// Reads a `SubjectPublicKeyInfo` with its header.
    pub(crate) fn from_spki(spki: &'a [u8]) -> der::Result<Self> {
        let mut reader = Cursor::new(spki)?;
        let content = reader.content(Tag::Sequence)?;
        reader.finish()?;
        Self::from_content(spki, content)
    }

    fn from_content(spki: &'a [u8], content: &'a [u8]) -> der::Result<Self> {
        let mut r = Cursor::new(content)?;
        let key = Self {
            spki,
            algorithm: sequence_content(&mut r)?,
            key: whole_bits(&mut r)?,
        };
        r.finish()?;
        Ok(key)
    }

    pub(crate) fn kind(&self) -> der::Result<KeyKind> {
        let mut r = Cursor::new(self.algorithm)?;
        // Compared as it is encoded: taking it apart is for what is not known.
        let oid = r.content(Tag::ObjectIdentifier)?;
        let is = |known: ObjectIdentifier| oid == known.as_bytes();
        if is(RSA_ENCRYPTION) {
            return rsa_bits(self.key).map(|bits| KeyKind::Rsa { bits });
        }
        if is(EC_PUBLIC_KEY) {
            let curve = ObjectIdentifier::decode(&mut r)?;
            return Ok(match curve {
                P256 => KeyKind::P256,
                P384 => KeyKind::P384,
                P521 => KeyKind::P521,
                curve => KeyKind::Other(curve),
            });
        }
        Ok(match ObjectIdentifier::from_bytes(oid) {
            Ok(RSASSA_PSS) => KeyKind::RsaPss,
            Ok(ED25519) => KeyKind::Ed25519,
            Ok(ED448) => KeyKind::Ed448,
            Ok(other) => KeyKind::Other(other),
            Err(_) => return Err(Tag::ObjectIdentifier.value_error().into()),
        })
    }
}

impl PublicKey<'_> {
    /// Whether every library takes it for the same key. aws-lc-rs reads compressed points (RFC 5480, section 2.2, leaves
    /// it to each), ring does not; ring reads Ed25519 keys that are not reduced (RFC 8032, section 5.1.3), aws-lc-rs does
    /// not; and under an Ed25519 key of small order signatures are good that nobody made.
    pub(crate) fn is_unambiguous(&self) -> bool {
        match self.kind() {
            Ok(KeyKind::P256) => self.is_uncompressed_point(65),
            Ok(KeyKind::P384) => self.is_uncompressed_point(97),
            Ok(KeyKind::Ed25519) => is_strong_ed25519(self.key),
            _ => true,
        }
    }

    fn is_uncompressed_point(&self, bytes: usize) -> bool {
        self.key.len() == bytes && self.key.first() == Some(&4)
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA {bits} bits"),
            Self::RsaPss => f.write_str("RSA-PSS"),
            Self::P256 => f.write_str("ECDSA P-256"),
            Self::P384 => f.write_str("ECDSA P-384"),
            Self::P521 => f.write_str("ECDSA P-521"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Ed448 => f.write_str("Ed448"),
            Self::Other(oid) => write!(f, "key of type {oid}"),
        }
    }
}

/// Bits of the modulus of an `RSAPublicKey` (RFC 8017, appendix A.1.1).
fn rsa_bits(key: &[u8]) -> der::Result<usize> {
    let mut reader = Cursor::new(key)?;
    let modulus = reader.sequence(|r| {
        let modulus = UintRef::decode(r)?;
        UintRef::decode(r)?;
        Ok::<_, der::Error>(modulus)
    })?;
    reader.finish()?;
    let bytes = modulus.as_bytes();
    let top = bytes.first().map_or(0, |b| b.leading_zeros() as usize);
    Ok(bytes.len().saturating_mul(8).saturating_sub(top))
}

fn is_strong_ed25519(key: &[u8]) -> bool {
    let Ok(key) = VerifyingKey::try_from(key) else {
        return false;
    };
    !key.is_weak() && key.to_edwards().compress().as_bytes() == key.as_bytes()
}
