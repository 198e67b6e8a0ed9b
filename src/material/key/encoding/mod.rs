//! Private keys of every accepted encoding, parsed and encoded again as PKCS#8.
//!
//! The output is what every TLS library reads: version 1 of PKCS#8 (OpenSSL 3.0 rejects version 2),
//! the public key inside an EC key (ring requires it), and the curve named once.

#[allow(
    clippy::arithmetic_side_effects,
    reason = "`der` adds lengths with a check"
)]
pub(crate) mod structures;
mod underived;

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, BitStringRef, OctetStringRef};
use der::{Decode, Encode, Header, Reader, SliceReader, Tag, TagNumber, Tagged};
use zeroize::Zeroizing;

use super::key_type::{KeyType, RSA_BITS, name_of};
use super::rsa_numbers;
use crate::crypto::{self, EcCurve, PublicPart};
use crate::error::MaterialProblem;
use crate::material::input::der_shape::DerShape;
use crate::material::pem::expected::ExpectedContent;
use crate::material::pem::unexpected_input;
use crate::x509::{P256_BYTES, P384_BYTES, P521_BYTES};
use structures::{Algorithm, EcPrivateKey, PrivateKeyInfo, RsaPrivateKey, RsaPublicKey, Spki};

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const ML_DSA_44: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.17");
const ML_DSA_65: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.18");
const ML_DSA_87: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.19");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// A private key in the form that the crate keeps.
pub(crate) struct Pkcs8Key {
    pub(crate) kind: KeyType,
    /// PKCS#8, version 1 (RFC 5958).
    pub(crate) pkcs8: Zeroizing<Vec<u8>>,
    /// Its `SubjectPublicKeyInfo` (RFC 5280, section 4.1.2.7), if derived or stated in the input.
    pub(crate) spki: Option<Vec<u8>>,
}

impl Pkcs8Key {
    /// Reads a key whose encoding is detected.
    pub(crate) fn read(der: &[u8]) -> Result<Self, MaterialProblem> {
        match DerShape::of(der) {
            Some(DerShape::Pkcs8) => from_pkcs8(der),
            Some(DerShape::Pkcs1) => from_rsa(der),
            Some(DerShape::Sec1) => from_sec1(der),
            Some(DerShape::EncryptedPkcs8) => Err(MaterialProblem::EncryptedKey),
            Some(DerShape::Dsa) => Err(unsupported("DSA".to_owned())),
            Some(shape) => Err(unexpected_input::instead(shape, ExpectedContent::Key)),
            None => Err(MaterialProblem::KeyMalformed),
        }
    }
}

fn pkcs8_info(der: &[u8]) -> Result<PrivateKeyInfo<'_>, MaterialProblem> {
    if let Ok(info) = PrivateKeyInfo::from_der(der) {
        return Ok(info);
    }
    let old = PrivateKeyInfo::of_old_ring(der).map_err(malformed)?;
    if old.algorithm.oid == ED25519 {
        Ok(old)
    } else {
        Err(MaterialProblem::KeyMalformed)
    }
}

fn from_pkcs8(der: &[u8]) -> Result<Pkcs8Key, MaterialProblem> {
    let info = pkcs8_info(der)?;
    let key = info.private_key.as_bytes();
    let mut encoded = match info.algorithm.oid {
        RSA_ENCRYPTION => from_rsa(key)?,
        ED25519 => from_ed25519(key)?,
        EC_PUBLIC_KEY => {
            let curve = info
                .algorithm
                .parameters
                .ok_or(MaterialProblem::KeyMalformed)?;
            if curve.tag() == Tag::Sequence {
                return Err(MaterialProblem::KeyWithoutCurveName);
            }
            from_ec(key, Some(curve.decode_as().map_err(malformed)?))?
        }
        ML_DSA_44 => underived::from_ml_dsa(KeyType::MlDsa44, &info)?,
        ML_DSA_65 => underived::from_ml_dsa(KeyType::MlDsa65, &info)?,
        ML_DSA_87 => underived::from_ml_dsa(KeyType::MlDsa87, &info)?,
        other => return Err(unsupported(name_of(other))),
    };
    // Version 2 contains the public key, which must match the private key.
    if let Some(public) = info.public_key {
        let public = public.as_bytes().ok_or_else(foreign_public_key)?;
        if let Some(spki) = &encoded.spki {
            let ours = Spki::from_der(spki).map_err(malformed)?;
            if Some(public) != ours.subject_public_key.as_bytes() {
                return Err(foreign_public_key());
            }
        } else {
            let stated = spki(info.algorithm, public)?;
            underived::check_public(&stated, encoded.kind)?;
            encoded.spki = Some(stated);
        }
    }
    Ok(encoded)
}

fn from_sec1(der: &[u8]) -> Result<Pkcs8Key, MaterialProblem> {
    if spells_out_curve(der) {
        return Err(MaterialProblem::KeyWithoutCurveName);
    }
    from_ec(der, None)
}

/// Reads an `ECPrivateKey`; `curve` is the one named by the PKCS#8 around it.
fn from_ec(der: &[u8], curve: Option<ObjectIdentifier>) -> Result<Pkcs8Key, MaterialProblem> {
    let key = EcPrivateKey::from_der(der).map_err(malformed)?;
    let curve = match (curve, key.curve) {
        (Some(outer), Some(inner)) if outer != inner => {
            let what = "it names two curves";
            return Err(MaterialProblem::KeyInconsistent { what });
        }
        (Some(curve), _) | (None, Some(curve)) => curve,
        (None, None) => return Err(MaterialProblem::KeyWithoutCurve),
    };
    match curve {
        P256 => from_nist(&key, KeyType::EcdsaP256, &P256, EcCurve::P256),
        P384 => from_nist(&key, KeyType::EcdsaP384, &P384, EcCurve::P384),
        P521 => underived::from_ec(&key, KeyType::EcdsaP521, &P521, P521_BYTES),
        other => Err(unsupported(name_of(other))),
    }
}

/// Reads a key of a curve on which the public key is derived, where a library is there.
fn from_nist(
    key: &EcPrivateKey<'_>,
    kind: KeyType,
    oid: &ObjectIdentifier,
    curve: EcCurve,
) -> Result<Pkcs8Key, MaterialProblem> {
    let length = match curve {
        EcCurve::P256 => P256_BYTES,
        EcCurve::P384 => P384_BYTES,
    };
    let scalar = scalar(key.private_key, length)?;
    match crypto::ec_public_key(curve, &scalar) {
        PublicPart::Derived(point) => {
            if key
                .public_key
                .is_some_and(|stated| !is_same_point(stated, &point))
            {
                return Err(foreign_public_key());
            }
            ec(kind, oid, &scalar, Some(&point))
        }
        PublicPart::Invalid => Err(MaterialProblem::KeyMalformed),
        PublicPart::Underived => underived::from_ec(key, kind, oid, length),
    }
}

/// Returns the scalar with the length that it has on this curve.
///
/// RFC 5915, section 3, requires exactly that length. `certtool` writes the content of a DER
/// INTEGER instead: with a zero before a set highest bit, and without padding.
fn scalar(octets: &[u8], length: usize) -> Result<Zeroizing<Vec<u8>>, MaterialProblem> {
    let mut full = Zeroizing::new(vec![0; length]);
    let (zeros, octets) = octets.split_at(octets.len().saturating_sub(length));
    let missing = length.saturating_sub(octets.len());
    match full.get_mut(missing..) {
        Some(place) if zeros.iter().all(|zero| *zero == 0) => place.copy_from_slice(octets),
        _ => return Err(MaterialProblem::KeyMalformed),
    }
    Ok(full)
}

/// Returns whether a stated point, which may be compressed, is this uncompressed one (SEC 1,
/// section 2.3.3).
fn is_same_point(stated: &[u8], derived: &[u8]) -> bool {
    match stated.split_first() {
        Some((form @ (2 | 3), x)) => {
            let parity = derived.last().map(|last| last & 1);
            let ours = derived.get(1..).map(|both| both.split_at(both.len() / 2).0);
            parity == Some(form & 1) && ours == Some(x)
        }
        _ => stated == derived,
    }
}

fn ec(
    kind: KeyType,
    curve: &ObjectIdentifier,
    scalar: &[u8],
    point: Option<&[u8]>,
) -> Result<Pkcs8Key, MaterialProblem> {
    let inner = EcPrivateKey {
        private_key: scalar,
        curve: None,
        public_key: point,
    };
    let inner = Zeroizing::new(inner.to_der().map_err(malformed)?);
    encode(kind, EC_PUBLIC_KEY, Some(curve.into()), &inner, point)
}

fn from_ed25519(inner: &[u8]) -> Result<Pkcs8Key, MaterialProblem> {
    let seed = <&OctetStringRef>::from_der(inner).map_err(malformed)?;
    let seed: Zeroizing<[u8; 32]> = Zeroizing::new(seed.as_bytes().try_into().map_err(malformed)?);
    let public = match crypto::ed25519_public_key(seed.as_slice()) {
        PublicPart::Derived(public) => Some(public),
        PublicPart::Invalid => return Err(MaterialProblem::KeyMalformed),
        PublicPart::Underived => None,
    };
    encode(KeyType::Ed25519, ED25519, None, inner, public.as_deref())
}

fn from_rsa(pkcs1: &[u8]) -> Result<Pkcs8Key, MaterialProblem> {
    if has_more_primes(pkcs1) {
        return Err(unsupported("RSA of more than two primes".to_owned()));
    }
    let key = RsaPrivateKey::from_der(pkcs1).map_err(malformed)?;
    let modulus = key.modulus.as_bytes();
    let unused = modulus.first().map_or(0, |byte| byte.leading_zeros());
    let bits = modulus.len().saturating_mul(8);
    let bits = bits.saturating_sub(usize::try_from(unused).unwrap_or(0));
    let kind = KeyType::Rsa { bits };
    if !RSA_BITS.contains(&bits) {
        return Err(unsupported(kind.to_string()));
    }
    rsa_numbers::check(&key, bits)?;
    let public = RsaPublicKey {
        modulus: key.modulus,
        public_exponent: key.public_exponent,
    };
    let public = public.to_der().map_err(malformed)?;
    let parameters = Some(AnyRef::NULL);
    encode(kind, RSA_ENCRYPTION, parameters, pkcs1, Some(&public))
}

fn encode(
    kind: KeyType,
    oid: ObjectIdentifier,
    parameters: Option<AnyRef<'_>>,
    private: &[u8],
    public: Option<&[u8]>,
) -> Result<Pkcs8Key, MaterialProblem> {
    let algorithm = Algorithm { oid, parameters };
    let info = PrivateKeyInfo {
        algorithm,
        private_key: OctetStringRef::new(private).map_err(malformed)?,
        public_key: None,
    };
    Ok(Pkcs8Key {
        kind,
        pkcs8: Zeroizing::new(info.to_der().map_err(malformed)?),
        spki: public.map(|public| spki(algorithm, public)).transpose()?,
    })
}

fn spki(algorithm: Algorithm<'_>, public: &[u8]) -> Result<Vec<u8>, MaterialProblem> {
    let spki = Spki {
        algorithm,
        subject_public_key: BitStringRef::from_bytes(public).map_err(malformed)?,
    };
    spki.to_der().map_err(malformed)
}

/// Returns whether the version announces more than two primes (RFC 8017, appendix A.1.2).
fn has_more_primes(pkcs1: &[u8]) -> bool {
    let read = || {
        let mut reader = SliceReader::new(pkcs1)?;
        Header::decode(&mut reader)?;
        u8::decode(&mut reader)
    };
    read().is_ok_and(|version| version == 1)
}

/// Returns whether the parameters of an `ECPrivateKey` are a structure instead of a name.
fn spells_out_curve(der: &[u8]) -> bool {
    let parameters = Tag::ContextSpecific {
        constructed: true,
        number: TagNumber(0),
    };
    let read = || {
        let mut reader = SliceReader::new(der)?;
        Header::decode(&mut reader)?;
        reader.tlv_bytes()?;
        reader.tlv_bytes()?;
        if reader.is_finished() || Tag::peek(&reader)? != parameters {
            return Ok(false);
        }
        Header::decode(&mut reader)?;
        Ok::<_, der::Error>(Tag::peek(&reader)? == Tag::Sequence)
    };
    read().unwrap_or(false)
}

// An error of a parser may quote the key, so it is dropped.
fn malformed<E>(_: E) -> MaterialProblem {
    MaterialProblem::KeyMalformed
}

fn foreign_public_key() -> MaterialProblem {
    let what = "the public key in it is not its own";
    MaterialProblem::KeyInconsistent { what }
}

fn unsupported(found: String) -> MaterialProblem {
    MaterialProblem::KeyUnsupported { found }
}
