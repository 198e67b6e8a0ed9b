//! Public keys: kind, size and faults.

pub(crate) mod curve;
mod fault;

use core::fmt;

use const_oid::ObjectIdentifier;
use der::asn1::UintRef;
use der::{Decode, Reader, Tag};
use pki_types::alg_id;

use super::algorithm::algorithm_name;
use super::cursor::Cursor;
use super::element::{algorithm_content, whole_bits};
pub(crate) use fault::KeyFault;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const ED448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.113");
const ML_DSA_44: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.17");
const ML_DSA_65: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.18");
const ML_DSA_87: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.19");

/// The size in bits of the largest RSA public exponent that every library accepts.
const MAX_EXPONENT_BITS: usize = 33;

/// A `SubjectPublicKeyInfo` (RFC 5280, section 4.1.2.7).
#[derive(Clone, Copy, Debug)]
pub(crate) struct PublicKey<'a> {
    /// The whole structure with its header, which an SPKI pin covers (RFC 7469, section 2.4).
    pub(crate) spki: &'a [u8],
    /// Content of the `AlgorithmIdentifier`.
    pub(crate) algorithm: &'a [u8],
    /// Content of the BIT STRING.
    pub(crate) key: &'a [u8],
}

/// The kind of a public key, as far as the rules distinguish it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Rsa {
        bits: usize,
    },
    RsaPss,
    P256,
    P384,
    P521,
    Ed25519,
    Ed448,
    /// ML-DSA (FIPS 204, RFC 9881).
    MlDsa44,
    MlDsa65,
    MlDsa87,
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
            algorithm: algorithm_content(&mut r)?,
            key: whole_bits(&mut r)?,
        };
        r.finish()?;
        Ok(key)
    }

    /// Returns whether both have the same kind and the same key.
    ///
    /// Kinds are read strictly, so equal RSA keys (n and e) have equal bytes. The parameters of the
    /// algorithm may be encoded in several ways and are not compared.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self.kind(), other.kind()) {
            (Ok(kind), Ok(other_kind)) => kind == other_kind && self.key == other.key,
            _ => false,
        }
    }

    pub(crate) fn kind(&self) -> der::Result<KeyKind> {
        let mut r = Cursor::new(self.algorithm)?;
        // Compared in encoded form; only unknown identifiers are decoded.
        let oid = r.content(Tag::ObjectIdentifier)?;
        let is = |known: ObjectIdentifier| oid == known.as_bytes();
        if is(RSA_ENCRYPTION) {
            let (modulus, _) = rsa_numbers(self.key)?;
            return Ok(KeyKind::Rsa {
                bits: bits_of(modulus.as_bytes()),
            });
        }
        if is(EC_PUBLIC_KEY) {
            let curve = r.content(Tag::ObjectIdentifier)?;
            let is = |known: ObjectIdentifier| curve == known.as_bytes();
            return if is(P256) {
                Ok(KeyKind::P256)
            } else if is(P384) {
                Ok(KeyKind::P384)
            } else if is(P521) {
                Ok(KeyKind::P521)
            } else {
                unknown(curve)
            };
        }
        Ok(match ObjectIdentifier::from_bytes(oid) {
            Ok(RSASSA_PSS) => KeyKind::RsaPss,
            Ok(ED25519) => KeyKind::Ed25519,
            Ok(ED448) => KeyKind::Ed448,
            Ok(ML_DSA_44) => KeyKind::MlDsa44,
            Ok(ML_DSA_65) => KeyKind::MlDsa65,
            Ok(ML_DSA_87) => KeyKind::MlDsa87,
            _ => return unknown(oid),
        })
    }
}

impl PublicKey<'_> {
    /// Returns whether every library reads it as the same key.
    ///
    /// aws-lc-rs reads compressed points (RFC 5480, section 2.2, makes them optional), ring does
    /// not. ring reads Ed25519 keys that are not reduced (RFC 8032, section 5.1.3), aws-lc-rs does
    /// not. Under an Ed25519 key of small order, signatures verify that were made without a private
    /// key.
    pub(crate) fn is_unambiguous(&self) -> bool {
        // Called for every certificate that is read, so it does no arithmetic on NIST curves.
        match self.kind() {
            Ok(KeyKind::P256) => curve::is_uncompressed(self.key, curve::P256_BYTES),
            Ok(KeyKind::P384) => curve::is_uncompressed(self.key, curve::P384_BYTES),
            Ok(KeyKind::P521) => curve::is_uncompressed(self.key, curve::P521_BYTES),
            Ok(KeyKind::Ed25519) => curve::fault_on_ed25519(self.key).is_none(),
            _ => true,
        }
    }

    /// Returns the first fault of a key of a known kind.
    pub(crate) fn fault(&self) -> Option<KeyFault> {
        self.fault_of(self.kind().ok()?)
    }

    /// Returns the first fault of a key of this kind, which is its own.
    pub(crate) fn fault_of(&self, kind: KeyKind) -> Option<KeyFault> {
        let fault = match kind {
            KeyKind::P256 => curve::fault_on_p256(self.key),
            KeyKind::P384 => curve::fault_on_p384(self.key),
            KeyKind::P521 => curve::fault_on_p521(self.key),
            KeyKind::Ed25519 => curve::fault_on_ed25519(self.key),
            _ => None,
        };
        fault.or_else(|| self.fault_beside_point(kind))
    }

    /// Returns the first fault of a key of this kind beside that it is no point of its curve.
    pub(crate) fn fault_beside_point(&self, kind: KeyKind) -> Option<KeyFault> {
        let (parameters, fault): (&[u8], _) = match kind {
            KeyKind::Rsa { .. } => (&alg_id::RSA_ENCRYPTION, rsa_fault(self.key)),
            KeyKind::P256 => (&alg_id::ECDSA_P256, None),
            KeyKind::P384 => (&alg_id::ECDSA_P384, None),
            KeyKind::P521 => (&alg_id::ECDSA_P521, None),
            KeyKind::Ed25519 => (&alg_id::ED25519, None),
            KeyKind::MlDsa44 => (&alg_id::ML_DSA_44, self.length_fault(1312)),
            KeyKind::MlDsa65 => (&alg_id::ML_DSA_65, self.length_fault(1952)),
            KeyKind::MlDsa87 => (&alg_id::ML_DSA_87, self.length_fault(2592)),
            KeyKind::RsaPss | KeyKind::Ed448 | KeyKind::Other(_) => return None,
        };
        let parameters = (self.algorithm != parameters).then_some(KeyFault::Parameters);
        fault.or(parameters)
    }

    fn length_fault(&self, bytes: usize) -> Option<KeyFault> {
        (self.key.len() != bytes).then_some(KeyFault::Length)
    }
}

/// The size in bits of the smallest accepted RSA modulus (NIST SP 800-57 part 1, 112 bits of
/// strength).
pub(crate) const MIN_RSA_BITS: usize = 2048;
/// The size in bits of the largest accepted RSA modulus; larger ones only cost time.
pub(crate) const MAX_RSA_BITS: usize = 8192;

impl KeyKind {
    /// Returns whether keys of this kind are accepted; RSA keys need at least `min_rsa_bits`.
    pub(crate) fn is_listed(self, min_rsa_bits: usize) -> bool {
        match self {
            Self::Rsa { bits } => (min_rsa_bits..=MAX_RSA_BITS).contains(&bits),
            Self::P256 | Self::P384 | Self::P521 | Self::Ed25519 => true,
            Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => true,
            Self::Ed448 | Self::RsaPss | Self::Other(_) => false,
        }
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
            Self::MlDsa44 => f.write_str("ML-DSA-44"),
            Self::MlDsa65 => f.write_str("ML-DSA-65"),
            Self::MlDsa87 => f.write_str("ML-DSA-87"),
            Self::Other(oid) => f.write_str(&algorithm_name(*oid)),
        }
    }
}

/// `oid` is the content of an OBJECT IDENTIFIER.
fn unknown(oid: &[u8]) -> der::Result<KeyKind> {
    match ObjectIdentifier::from_bytes(oid) {
        Ok(other) => Ok(KeyKind::Other(other)),
        Err(_) => Err(Tag::ObjectIdentifier.value_error().into()),
    }
}

/// Returns modulus and public exponent of an `RSAPublicKey` (RFC 8017, appendix A.1.1).
fn rsa_numbers(key: &[u8]) -> der::Result<(UintRef<'_>, UintRef<'_>)> {
    let mut reader = Cursor::new(key)?;
    let numbers =
        reader.sequence(|r| Ok::<_, der::Error>((UintRef::decode(r)?, UintRef::decode(r)?)))?;
    reader.finish()?;
    Ok(numbers)
}

fn bits_of(number: &[u8]) -> usize {
    let top = number.first().map_or(0, |b| b.leading_zeros() as usize);
    number.len().saturating_mul(8).saturating_sub(top)
}

fn rsa_fault(key: &[u8]) -> Option<KeyFault> {
    let (modulus, exponent) = rsa_numbers(key).ok()?;
    let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
    if !is_odd(modulus.as_bytes()) {
        return Some(KeyFault::EvenModulus);
    }
    let exponent = exponent.as_bytes();
    let is_sound = is_odd(exponent) && (2..=MAX_EXPONENT_BITS).contains(&bits_of(exponent));
    (!is_sound).then_some(KeyFault::Exponent)
}
