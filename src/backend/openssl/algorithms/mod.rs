//! OpenSSL's signature algorithms, as pki-types defines them.

mod ecdsa;

use std::sync::LazyLock;

use const_oid::ObjectIdentifier;
use der::asn1::BitStringRef;
use der::{Decode, Encode};
use openssl::error::ErrorStack;
use openssl::hash::{MessageDigest, hash};
use openssl::pkey::{Id, PKey, Public};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Verifier};
use pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};

use ecdsa::Curve;

use crate::policy::SignatureAlgorithms;
use crate::x509::PublicKey;

/// Returns every algorithm of the crate's list that this OpenSSL has.
pub(super) fn all() -> impl Iterator<Item = &'static dyn SignatureVerificationAlgorithm> {
    ALL.iter()
        .filter(|algorithm| algorithm.is_available())
        .map(|algorithm| algorithm as &'static dyn SignatureVerificationAlgorithm)
}

/// Whether this OpenSSL has ML-DSA. It may be newer than the one at compile time.
///
/// OpenSSL has it from 3.5 on, unless it was left out or its provider is not loaded.
pub(super) fn has_ml_dsa() -> bool {
    static HAS: LazyLock<bool> = LazyLock::new(|| {
        let takes = |parameters: MlDsa| {
            let key = vec![0; parameters.public_key_bytes()];
            matches!(parameters.public_key(&key), Ok(Some(_)))
        };
        [MlDsa::M44, MlDsa::M65, MlDsa::M87].into_iter().all(takes)
    });
    *HAS
}

/// Whether the key signed a message by the strongest algorithm of its kind.
///
/// That is SHA-512, or no hash before the algorithm.
pub(super) fn is_by(key: &PublicKey<'_>, message: &[u8], signature: &[u8]) -> bool {
    let mut fitting = ALL.iter().filter(|algorithm| {
        matches!(algorithm.hash, Hash::None | Hash::Sha512) && &*algorithm.key_id == key.algorithm
    });
    fitting.any(|algorithm| {
        algorithm
            .verify_signature(key.key, message, signature)
            .is_ok()
    })
}

#[derive(Clone, Copy, Debug)]
struct Algorithm {
    key: Key,
    hash: Hash,
    key_id: AlgorithmIdentifier,
    signature_id: AlgorithmIdentifier,
}

#[derive(Clone, Copy, Debug)]
enum Key {
    Ecdsa(Curve),
    Ed25519,
    MlDsa(MlDsa),
    RsaPkcs1,
    RsaPss,
}

/// The parameter sets of FIPS 204, section 4.
#[derive(Clone, Copy, Debug)]
enum MlDsa {
    M44,
    M65,
    M87,
}

#[derive(Clone, Copy, Debug)]
enum Hash {
    /// Ed25519 and ML-DSA hash internally (RFC 8032, FIPS 204).
    None,
    Sha256,
    Sha384,
    Sha512,
}

const fn p256(hash: Hash, signature_id: AlgorithmIdentifier) -> Algorithm {
    ecdsa(Curve::P256, hash, alg_id::ECDSA_P256, signature_id)
}

const fn p384(hash: Hash, signature_id: AlgorithmIdentifier) -> Algorithm {
    ecdsa(Curve::P384, hash, alg_id::ECDSA_P384, signature_id)
}

const fn p521(hash: Hash, signature_id: AlgorithmIdentifier) -> Algorithm {
    ecdsa(Curve::P521, hash, alg_id::ECDSA_P521, signature_id)
}

const fn ecdsa(
    curve: Curve,
    hash: Hash,
    key_id: AlgorithmIdentifier,
    signature_id: AlgorithmIdentifier,
) -> Algorithm {
    Algorithm {
        key: Key::Ecdsa(curve),
        hash,
        key_id,
        signature_id,
    }
}

/// An algorithm whose keys and signatures have the same identifier.
const fn hashless(key: Key, id: AlgorithmIdentifier) -> Algorithm {
    Algorithm {
        key,
        hash: Hash::None,
        key_id: id,
        signature_id: id,
    }
}

const fn rsa(key: Key, hash: Hash, signature_id: AlgorithmIdentifier) -> Algorithm {
    Algorithm {
        key,
        hash,
        key_id: alg_id::RSA_ENCRYPTION,
        signature_id,
    }
}

static ALL: [Algorithm; 22] = [
    p256(Hash::Sha256, alg_id::ECDSA_SHA256),
    p256(Hash::Sha384, alg_id::ECDSA_SHA384),
    p256(Hash::Sha512, alg_id::ECDSA_SHA512),
    p384(Hash::Sha256, alg_id::ECDSA_SHA256),
    p384(Hash::Sha384, alg_id::ECDSA_SHA384),
    p384(Hash::Sha512, alg_id::ECDSA_SHA512),
    p521(Hash::Sha256, alg_id::ECDSA_SHA256),
    p521(Hash::Sha384, alg_id::ECDSA_SHA384),
    p521(Hash::Sha512, alg_id::ECDSA_SHA512),
    hashless(Key::Ed25519, alg_id::ED25519),
    hashless(Key::MlDsa(MlDsa::M44), alg_id::ML_DSA_44),
    hashless(Key::MlDsa(MlDsa::M65), alg_id::ML_DSA_65),
    hashless(Key::MlDsa(MlDsa::M87), alg_id::ML_DSA_87),
    rsa(Key::RsaPkcs1, Hash::Sha256, alg_id::RSA_PKCS1_SHA256),
    rsa(Key::RsaPkcs1, Hash::Sha384, alg_id::RSA_PKCS1_SHA384),
    rsa(Key::RsaPkcs1, Hash::Sha512, alg_id::RSA_PKCS1_SHA512),
    rsa(
        Key::RsaPkcs1,
        Hash::Sha256,
        SignatureAlgorithms::RSA_PKCS1_SHA256_BARE,
    ),
    rsa(
        Key::RsaPkcs1,
        Hash::Sha384,
        SignatureAlgorithms::RSA_PKCS1_SHA384_BARE,
    ),
    rsa(
        Key::RsaPkcs1,
        Hash::Sha512,
        SignatureAlgorithms::RSA_PKCS1_SHA512_BARE,
    ),
    rsa(Key::RsaPss, Hash::Sha256, alg_id::RSA_PSS_SHA256),
    rsa(Key::RsaPss, Hash::Sha384, alg_id::RSA_PSS_SHA384),
    rsa(Key::RsaPss, Hash::Sha512, alg_id::RSA_PSS_SHA512),
];

impl SignatureVerificationAlgorithm for Algorithm {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        match self.verify(public_key, message, signature) {
            Ok(true) => Ok(()),
            // The openssl crate has emptied the thread's error queue, so that the next call does
            // not see it.
            Err(_) => Err(InvalidSignature),
            // Of an ECDSA signature it leaves the error there.
            Ok(false) => {
                drop(ErrorStack::get());
                Err(InvalidSignature)
            }
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key_id
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature_id
    }
}

impl Algorithm {
    fn is_available(&self) -> bool {
        !matches!(self.key, Key::MlDsa(_)) || has_ml_dsa()
    }

    fn verify(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<bool, ErrorStack> {
        match (self.key, self.hash.digest()) {
            (Key::Ecdsa(curve), Some(digest)) if !is_restricted() => {
                curve.verify(key, digest, message, signature)
            }
            _ => self.verify_by_provider(key, message, signature),
        }
    }

    /// Verifies by the provider of algorithms that OpenSSL is configured with.
    fn verify_by_provider(
        &self,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, ErrorStack> {
        let Some(key) = self.public_key(key)? else {
            return Ok(false);
        };
        let Some(digest) = self.hash.digest() else {
            return Verifier::new_without_digest(&key)?.verify_oneshot(signature, message);
        };
        // OpenSSL also accepts an RSASSA-PSS signature without its leading zeros (RFC 8017, section
        // 8.1.2, step 1).
        if matches!(self.key, Key::RsaPkcs1 | Key::RsaPss) && signature.len() != key.size() {
            return Ok(false);
        }
        let mut verifier = Verifier::new(digest, &key)?;
        match self.key {
            Key::RsaPkcs1 => verifier.set_rsa_padding(Padding::PKCS1)?,
            Key::RsaPss => {
                verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
                verifier.set_rsa_mgf1_md(digest)?;
                verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
            }
            Key::Ecdsa(_) | Key::Ed25519 | Key::MlDsa(_) => {}
        }
        verifier.verify_oneshot(signature, message)
    }

    /// Reads the key in the content of a `subjectPublicKey`; `None` if it does not fit.
    fn public_key(&self, key: &[u8]) -> Result<Option<PKey<Public>>, ErrorStack> {
        match self.key {
            Key::Ecdsa(curve) => curve.public_key(key)?.map(PKey::from_ec_key).transpose(),
            Key::Ed25519 => PKey::public_key_from_raw_bytes(key, Id::ED25519).map(Some),
            Key::MlDsa(parameters) => parameters.public_key(key),
            Key::RsaPkcs1 | Key::RsaPss => rsa_public_key(key),
        }
    }
}

/// Whether OpenSSL uses certain providers only, such as the one that is certified for FIPS 140.
///
/// Then no call of ours may go around them. No such provider has MD5.
fn is_restricted() -> bool {
    static IS: LazyLock<bool> = LazyLock::new(|| hash(MessageDigest::md5(), &[]).is_err());
    *IS
}

impl Hash {
    fn digest(self) -> Option<MessageDigest> {
        match self {
            Self::None => None,
            Self::Sha256 => Some(MessageDigest::sha256()),
            Self::Sha384 => Some(MessageDigest::sha384()),
            Self::Sha512 => Some(MessageDigest::sha512()),
        }
    }
}

impl MlDsa {
    /// Returns the length of a public key (FIPS 204, section 4, table 2).
    fn public_key_bytes(self) -> usize {
        match self {
            Self::M44 => 1312,
            Self::M65 => 1952,
            Self::M87 => 2592,
        }
    }

    /// Reads the key by its `SubjectPublicKeyInfo`.
    ///
    /// The call for raw bytes takes a number of the algorithm, and OpenSSL has none for ML-DSA.
    fn public_key(self, key: &[u8]) -> Result<Option<PKey<Public>>, ErrorStack> {
        if key.len() != self.public_key_bytes() {
            return Ok(None);
        }
        let algorithm = match self {
            Self::M44 => alg_id::ML_DSA_44,
            Self::M65 => alg_id::ML_DSA_65,
            Self::M87 => alg_id::ML_DSA_87,
        };
        let Some(spki) = subject_public_key_info(&algorithm, key) else {
            return Ok(None);
        };
        PKey::public_key_from_der(&spki).map(Some)
    }
}

/// `algorithm` is the content of its identifier.
fn subject_public_key_info(algorithm: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    let spki = SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef {
            oid: ObjectIdentifier::from_der(algorithm).ok()?,
            parameters: None,
        },
        subject_public_key: BitStringRef::from_bytes(key).ok()?,
    };
    spki.to_der().ok()
}

/// Reads an RSA key of 2048 to 8192 bits.
///
/// The policy limits sizes with its own reason; here the limits keep a hostile key from costing
/// time.
fn rsa_public_key(der: &[u8]) -> Result<Option<PKey<Public>>, ErrorStack> {
    let key = Rsa::public_key_from_der_pkcs1(der)?;
    let takes = (2048..=8192).contains(&key.n().num_bits())
        && (2..=33).contains(&key.e().num_bits())
        && key.e().is_bit_set(0)
        // OpenSSL ignores bytes after the key, and accepts BER.
        && key.public_key_to_der_pkcs1()? == der;
    if takes {
        PKey::from_rsa(key).map(Some)
    } else {
        Ok(None)
    }
}

#[cfg(all(test, feature = "aws-lc-rs"))]
mod tests;
