//! Keys that are elsewhere: what they say of themselves is held against what is accepted.

use std::error::Error;
use std::sync::Arc;

use mtls::error::MaterialProblem;
use mtls::material::{KeyType, SignatureScheme, SigningKey};
use mtls::{CertificateChain, MaterialError, MtlsIdentity};
use pki_types::SubjectPublicKeyInfoDer;
use rcgen::{CertificateParams, KeyPair, PublicKeyData};

use crate::{fixture_text, says};

const EVERY: [(SignatureScheme, &str); 9] = [
    // The names of RFC 8446, section 4.2.3.
    (SignatureScheme::EcdsaP256Sha256, "ecdsa_secp256r1_sha256"),
    (SignatureScheme::EcdsaP384Sha384, "ecdsa_secp384r1_sha384"),
    (SignatureScheme::Ed25519, "ed25519"),
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
        panic!("nobody asked for a signature")
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
            &["none of the signature schemes", &kind.to_string()],
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
