//! Keys that are elsewhere: what they say of themselves is held against what is accepted.

use std::error::Error;
use std::sync::Arc;

use der::asn1::{Any, BitString, ObjectIdentifier};
use der::{Decode, Encode};
use mtls::error::MaterialProblem;
use mtls::material::{KeyType, SignatureScheme, SigningKey};
use mtls::{CertificateChain, MaterialError, MtlsIdentity};
use pki_types::SubjectPublicKeyInfoDer;
use rcgen::{CertificateParams, KeyPair, PublicKeyData};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use crate::{fixture_text, says};

const EVERY: [(SignatureScheme, &str); 13] = [
    // The names of RFC 8446, section 4.2.3.
    (SignatureScheme::EcdsaP256Sha256, "ecdsa_secp256r1_sha256"),
    (SignatureScheme::EcdsaP384Sha384, "ecdsa_secp384r1_sha384"),
    (SignatureScheme::EcdsaP521Sha512, "ecdsa_secp521r1_sha512"),
    (SignatureScheme::Ed25519, "ed25519"),
    (SignatureScheme::MlDsa44, "mldsa44"),
    (SignatureScheme::MlDsa65, "mldsa65"),
    (SignatureScheme::MlDsa87, "mldsa87"),
    (SignatureScheme::RsaPkcs1Sha256, "rsa_pkcs1_sha256"),
    (SignatureScheme::RsaPkcs1Sha384, "rsa_pkcs1_sha384"),
    (SignatureScheme::RsaPkcs1Sha512, "rsa_pkcs1_sha512"),
    (SignatureScheme::RsaPssSha256, "rsa_pss_rsae_sha256"),
    (SignatureScheme::RsaPssSha384, "rsa_pss_rsae_sha384"),
    (SignatureScheme::RsaPssSha512, "rsa_pss_rsae_sha512"),
];

struct Elsewhere {
    spki: Vec<u8>,
    schemes: Vec<SignatureScheme>,
}

impl SigningKey for Elsewhere {
    fn public_key(&self) -> SubjectPublicKeyInfoDer<'_> {
        self.spki.as_slice().into()
    }

    fn schemes(&self) -> &[SignatureScheme] {
        &self.schemes
    }

    fn sign(&self, _: SignatureScheme, _: &[u8]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        panic!("a signature was requested")
    }
}

fn every_scheme() -> Vec<SignatureScheme> {
    EVERY.map(|(scheme, _)| scheme).to_vec()
}

/// The identity of a key whose certificate is its own, with what is said of it.
fn identity(
    certified: &KeyPair,
    spki: Vec<u8>,
    schemes: Vec<SignatureScheme>,
) -> Result<MtlsIdentity, MaterialError> {
    let certificate = CertificateParams::default().self_signed(certified).unwrap();
    let chain = CertificateChain::from_der([certificate.der().clone()]).unwrap();
    MtlsIdentity::from_signing_key(chain, Arc::new(Elsewhere { spki, schemes }))
}

fn keys() -> [(KeyPair, KeyType); 4] {
    let made = |algorithm| KeyPair::generate_for(algorithm).unwrap();
    [
        (made(&rcgen::PKCS_ECDSA_P256_SHA256), KeyType::EcdsaP256),
        (made(&rcgen::PKCS_ECDSA_P384_SHA384), KeyType::EcdsaP384),
        (made(&rcgen::PKCS_ED25519), KeyType::Ed25519),
        (
            KeyPair::from_pem(&fixture_text("rsa_pkcs8.pem")).unwrap(),
            KeyType::Rsa { bits: 2048 },
        ),
    ]
}

#[test]
fn each_kind_is_taken_with_the_schemes_that_fit_it() {
    for (key, kind) in keys() {
        let spki = key.subject_public_key_info();
        let ours = identity(&key, spki.clone(), every_scheme()).unwrap();
        assert!(ours.private_key().is_none());
        assert!(ours.signing_key().is_some());
        assert_eq!(ours.describe().key, kind);
        let debug = format!("{ours:?} {:?}", ours.signing_key());
        assert!(
            debug.contains(&format!("SigningKey({kind}, ..)")),
            "{debug}"
        );
        assert!(debug.contains("Some(SigningKey(..))"), "{debug}");

        let (fit, unfit): (Vec<_>, Vec<_>) = every_scheme().into_iter().partition(|s| s.fits(kind));
        let expected = EVERY.iter().filter(|(_, name)| match kind {
            KeyType::EcdsaP256 => name.starts_with("ecdsa_secp256r1"),
            KeyType::EcdsaP384 => name.starts_with("ecdsa_secp384r1"),
            KeyType::Ed25519 => *name == "ed25519",
            _ => name.starts_with("rsa_"),
        });
        assert_eq!(fit, expected.map(|(scheme, _)| *scheme).collect::<Vec<_>>());
        for scheme in fit {
            identity(&key, spki.clone(), vec![scheme]).unwrap();
        }
        says(
            identity(&key, spki, unfit),
            &["none of its signature schemes", &kind.to_string()],
        );
    }
}

#[test]
fn schemes_have_their_names_in_the_standard() {
    for (scheme, name) in EVERY {
        assert_eq!(scheme.to_string(), name);
        // Those of PKCS#1 version 1.5 are for certificates alone in TLS 1.3.
        assert_eq!(
            scheme.is_for_tls13(),
            !name.starts_with("rsa_pkcs1"),
            "{name}"
        );
        assert_eq!(scheme.is_for_tls12(), !name.starts_with("mldsa"), "{name}");
    }
}

#[test]
fn a_key_of_one_scheme_signs_by_no_other() {
    for (kind, only) in [
        (KeyType::EcdsaP256, SignatureScheme::EcdsaP256Sha256),
        (KeyType::EcdsaP384, SignatureScheme::EcdsaP384Sha384),
        (KeyType::EcdsaP521, SignatureScheme::EcdsaP521Sha512),
        (KeyType::Ed25519, SignatureScheme::Ed25519),
        (KeyType::MlDsa44, SignatureScheme::MlDsa44),
        (KeyType::MlDsa65, SignatureScheme::MlDsa65),
        (KeyType::MlDsa87, SignatureScheme::MlDsa87),
    ] {
        for scheme in every_scheme() {
            assert_eq!(scheme.fits(kind), scheme == only, "{scheme}, {kind}");
        }
    }
}

/// What the libraries read differently, or not at all.
#[test]
fn public_keys_in_forms_that_are_not_accepted_are_rejected() {
    let certified = KeyPair::generate().unwrap();
    let rejected = |spki: SubjectPublicKeyInfoOwned, what: &str| {
        let spki = spki.to_der().unwrap();
        let error = identity(&certified, spki, every_scheme()).unwrap_err();
        assert!(
            matches!(error.problem(), MaterialProblem::KeyUnsupported { .. }),
            "{what}: {error}"
        );
    };
    let of = |algorithm| {
        let key = KeyPair::generate_for(algorithm).unwrap();
        SubjectPublicKeyInfoOwned::from_der(&key.subject_public_key_info()).unwrap()
    };
    let bits = |octets: &[u8]| BitString::from_bytes(octets).unwrap();
    for (algorithm, what) in [
        (&rcgen::PKCS_ECDSA_P256_SHA256, "P-256, compressed"),
        (&rcgen::PKCS_ECDSA_P384_SHA384, "P-384, compressed"),
        (&rcgen::PKCS_ECDSA_P521_SHA512, "P-521, compressed"),
    ] {
        let mut key = of(algorithm);
        let point = key.subject_public_key.raw_bytes();
        let (x, y) = point[1..].split_at(point.len() / 2);
        let sign = 2 + (y[y.len() - 1] & 1);
        key.subject_public_key = bits(&[&[sign], x].concat());
        rejected(key, what);
    }
    let mut small_order = of(&rcgen::PKCS_ED25519);
    let neutral = [&[1][..], &[0; 31]].concat();
    small_order.subject_public_key = bits(&neutral);
    rejected(small_order, "Ed25519 of small order");

    let named = |oid, parameters, key: &[u8]| SubjectPublicKeyInfoOwned {
        algorithm: AlgorithmIdentifierOwned {
            oid: ObjectIdentifier::new_unwrap(oid),
            parameters,
        },
        subject_public_key: bits(key),
    };
    for (oid, length) in [
        ("2.16.840.1.101.3.4.3.17", 1312),
        ("2.16.840.1.101.3.4.3.18", 1952),
        ("2.16.840.1.101.3.4.3.19", 2592),
    ] {
        rejected(named(oid, None, &vec![7; length - 1]), oid);
    }
    // A modulus of 1024 bits, and 65537.
    let numbers = [
        &[0x30, 0x81, 0x89, 2, 0x81, 0x81, 0][..],
        &[0xff; 128],
        &[2, 3, 1, 0, 1],
    ];
    let rsa = named("1.2.840.113549.1.1.1", Some(Any::null()), &numbers.concat());
    rejected(rsa, "RSA of 1024 bits");
}

/// An RSA key that signs nothing.
struct Unsigned(Vec<u8>);

impl PublicKeyData for Unsigned {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl rcgen::SigningKey for Unsigned {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(vec![0; 256])
    }
}

/// Of a kind that is accepted.
#[test]
fn a_leaf_whose_key_has_a_fault_is_a_warning() {
    for (exponent, fault) in [
        (3, None),
        (2, Some("its key is RSA 2048 bits with a public exponent")),
    ] {
        let numbers = [
            &[0x30, 0x82, 1, 8, 2, 0x82, 1, 1, 0][..],
            &[0xff; 256],
            &[2, 1, exponent],
        ];
        let key = Unsigned(numbers.concat());
        let spki = key.subject_public_key_info();
        let leaf = CertificateParams::default().self_signed(&key).unwrap();
        let chain = CertificateChain::from_der([leaf.der().clone()]).unwrap();
        let schemes = every_scheme();
        let signer = Arc::new(Elsewhere { spki, schemes });
        let identity = MtlsIdentity::from_signing_key(chain, signer).unwrap();
        let warnings = identity.warnings().iter().map(ToString::to_string);
        let warnings = warnings.collect::<Vec<_>>().join("; ");
        match fault {
            Some(fault) => assert!(warnings.contains(fault), "{warnings}"),
            None => assert_eq!(warnings, ""),
        }
    }
}

#[test]
fn keys_that_are_not_accepted_are_named() {
    let p521 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap();
    let mut other = p521.subject_public_key_info();
    // The last arc of the curve's identifier: 1.3.132.0.35 to 1.3.132.0.10.
    let arc = other
        .windows(5)
        .position(|w| w == [0x2b, 0x81, 0x04, 0x00, 0x23]);
    other[arc.unwrap() + 4] = 10;
    let error = identity(&p521, other, every_scheme()).unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::KeyUnsupported { found } if found == "ECDSA secp256k1"),
        "{error}"
    );
    let p256 = KeyPair::generate().unwrap();
    let spki = p256.subject_public_key_info();
    says(
        identity(&p256, spki[..20].to_vec(), every_scheme()),
        &["its public key is not a SubjectPublicKeyInfo in DER"],
    );
    // RSA whose modulus is no number.
    let rsa = KeyPair::from_pem(&fixture_text("rsa_pkcs8.pem")).unwrap();
    let mut spki = rsa.subject_public_key_info();
    let integer = spki.windows(4).position(|w| w == [2, 0x82, 1, 1]).unwrap();
    spki[integer] = 4;
    let error = identity(&rsa, spki, every_scheme()).unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::KeyMalformed),
        "{error}"
    );
}
