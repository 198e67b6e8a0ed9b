//! Private keys whose public half this module has no library to derive.

use const_oid::ObjectIdentifier;
use der::asn1::OctetStringRef;
use der::{Decode, Header, Reader, SliceReader, Tag, TagNumber};

use super::structures::{EcPrivateKey, PrivateKeyInfo};
use super::{Pkcs8Key, ec, encode, foreign_public_key, malformed, scalar};
use crate::error::MaterialProblem;
use crate::material::key::key_type::KeyType;
use crate::x509::PublicKey;

/// Encodes an ECDSA key without deriving its public key.
///
/// The backend's library verifies that the stated public key, or else the leaf's, belongs to it.
pub(crate) fn from_ec(
    key: &EcPrivateKey<'_>,
    kind: KeyType,
    curve: &ObjectIdentifier,
    length: usize,
) -> Result<Pkcs8Key, MaterialProblem> {
    let scalar = scalar(key.private_key, length)?;
    if scalar.iter().all(|octet| *octet == 0) {
        return Err(MaterialProblem::KeyMalformed);
    }
    // A compressed point is ignored, like a missing one.
    let point = key.public_key.filter(|point| point.first() == Some(&4));
    let encoded = ec(kind, curve, &scalar, point)?;
    if let Some(spki) = &encoded.spki {
        check_public(spki, kind)?;
    }
    Ok(encoded)
}

/// Encodes an ML-DSA key in one of the three forms of RFC 9881, section 6.
///
/// They are `seed [0]`, `expandedKey`, and a SEQUENCE of both.
pub(crate) fn from_ml_dsa(
    kind: KeyType,
    info: &PrivateKeyInfo<'_>,
) -> Result<Pkcs8Key, MaterialProblem> {
    let expanded = match kind {
        KeyType::MlDsa44 => 2560,
        KeyType::MlDsa65 => 4032,
        _ => 4896,
    };
    let private = info.private_key.as_bytes();
    if info.algorithm.parameters.is_some() || !has_ml_dsa_form(private, expanded).unwrap_or(false) {
        return Err(MaterialProblem::KeyMalformed);
    }
    encode(kind, info.algorithm.oid, None, private, None)
}

/// Returns whether a private key has one of the forms.
///
/// The seed has 32 octets, the expanded key `expanded` octets.
fn has_ml_dsa_form(private: &[u8], expanded: usize) -> der::Result<bool> {
    let mut reader = SliceReader::new(private)?;
    let header = Header::decode(&mut reader)?;
    let content = reader.read_slice(header.length())?;
    reader.finish()?;
    Ok(match header.tag() {
        SEED => content.len() == SEED_BYTES,
        Tag::OctetString => content.len() == expanded,
        Tag::Sequence => {
            let mut both = SliceReader::new(content)?;
            let seed = <&OctetStringRef>::decode(&mut both)?.as_bytes().len();
            let key = <&OctetStringRef>::decode(&mut both)?.as_bytes().len();
            both.finish()?;
            seed == SEED_BYTES && key == expanded
        }
        _ => false,
    })
}

const SEED: Tag = Tag::ContextSpecific {
    constructed: false,
    number: TagNumber(0),
};
const SEED_BYTES: usize = 32;

/// Checks that a stated public key is of this kind.
pub(crate) fn check_public(spki: &[u8], kind: KeyType) -> Result<(), MaterialProblem> {
    let key = PublicKey::from_spki(spki).map_err(malformed)?;
    if KeyType::of(&key).is_ok_and(|found| found == kind) {
        Ok(())
    } else {
        Err(foreign_public_key())
    }
}
