//! Compares OpenSSL's results with those of aws-lc-rs.

use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, PointConversionForm};
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use openssl::pkey::{PKeyRef, Private};
use openssl::sign::Signer;
use rustls::crypto::aws_lc_rs::default_provider;

use super::*;

const MESSAGE: &[u8] = b"to be signed";

/// Returns the result of all, which must be equal: ours, by OpenSSL's providers, and aws-lc-rs'.
#[track_caller]
fn verdict(algorithm: &Algorithm, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let provider = default_provider().signature_verification_algorithms;
    let other = provider.all.iter().find(|other| {
        other.public_key_alg_id() == algorithm.key_id
            && other.signature_alg_id() == algorithm.signature_id
    });
    let theirs = other.unwrap().verify_signature(key, message, signature);
    let ours = algorithm.verify_signature(key, message, signature);
    assert_eq!(ours.is_ok(), theirs.is_ok(), "{algorithm:?}");
    let by_provider = algorithm.verify_by_provider(key, message, signature);
    assert_eq!(
        by_provider.unwrap_or(false),
        theirs.is_ok(),
        "{algorithm:?}"
    );
    assert!(
        ErrorStack::get().errors().is_empty(),
        "{algorithm:?} left errors behind"
    );
    ours.is_ok()
}

fn private_key(algorithm: &Algorithm) -> PKey<Private> {
    let ec = |curve| {
        let group = EcGroup::from_curve_name(curve)?;
        PKey::from_ec_key(EcKey::generate(&group)?)
    };
    let key = match algorithm.key {
        Key::Ecdsa(Curve::P256) => ec(Nid::X9_62_PRIME256V1),
        Key::Ecdsa(Curve::P384) => ec(Nid::SECP384R1),
        Key::Ecdsa(Curve::P521) => ec(Nid::SECP521R1),
        Key::MlDsa(_) => {
            // The form that holds only the seed (RFC 9881, section 6).
            let info = pkcs8::PrivateKeyInfo {
                algorithm: AlgorithmIdentifierRef {
                    oid: ObjectIdentifier::from_der(&algorithm.key_id).unwrap(),
                    parameters: None,
                },
                private_key: der::asn1::OctetString::new([&[0x80, 32][..], &[7; 32]].concat())
                    .unwrap(),
                public_key: None::<BitStringRef<'_>>,
            };
            PKey::private_key_from_pkcs8(&info.to_der().unwrap())
        }
        Key::Ed25519 => PKey::generate_ed25519(),
        Key::RsaPkcs1 | Key::RsaPss => Rsa::generate(2048).and_then(PKey::from_rsa),
    };
    key.unwrap()
}

/// As in the BIT STRING of a certificate.
fn public_bytes(key: &PKeyRef<Private>, form: PointConversionForm) -> Vec<u8> {
    match key.id() {
        Id::EC => {
            let key = key.ec_key().unwrap();
            let mut context = BigNumContext::new().unwrap();
            let point = key.public_key();
            point.to_bytes(key.group(), form, &mut context).unwrap()
        }
        Id::RSA => key.rsa().unwrap().public_key_to_der_pkcs1().unwrap(),
        _ => key.raw_public_key().unwrap(),
    }
}

fn sign(algorithm: &Algorithm, key: &PKeyRef<Private>, salt: RsaPssSaltlen) -> Vec<u8> {
    let mut signer = match algorithm.hash.digest() {
        Some(digest) => Signer::new(digest, key).unwrap(),
        None => Signer::new_without_digest(key).unwrap(),
    };
    if let Key::RsaPss = algorithm.key {
        signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
        signer.set_rsa_pss_saltlen(salt).unwrap();
    }
    signer.sign_oneshot_to_vec(MESSAGE).unwrap()
}

#[test]
fn a_signature_counts_as_it_is_and_no_otherwise() {
    for algorithm in ALL.iter().filter(|a| a.is_available()) {
        let key = private_key(algorithm);
        let public = public_bytes(&key, PointConversionForm::UNCOMPRESSED);
        let signature = sign(algorithm, &key, RsaPssSaltlen::DIGEST_LENGTH);
        assert!(
            verdict(algorithm, &public, MESSAGE, &signature),
            "{algorithm:?}"
        );
        // Each octet of a short signature; those of ML-DSA have thousands.
        for byte in (0..signature.len()).step_by(1 + signature.len() / 600) {
            let mut flipped = signature.clone();
            flipped[byte] ^= 1 << (byte % 8);
            assert!(
                !verdict(algorithm, &public, MESSAGE, &flipped),
                "{algorithm:?}"
            );
        }
        assert!(!verdict(algorithm, &public, b"something else", &signature));
        assert!(!verdict(algorithm, &public, MESSAGE, &signature[1..]));
        assert!(!verdict(
            algorithm,
            &public,
            MESSAGE,
            &[&signature[..], &[0]].concat()
        ));
        assert!(!verdict(algorithm, &public, MESSAGE, &[]));
    }
}

#[test]
fn a_key_counts_as_it_is_and_no_otherwise() {
    for algorithm in ALL.iter().filter(|a| a.is_available()) {
        let key = private_key(algorithm);
        let public = public_bytes(&key, PointConversionForm::UNCOMPRESSED);
        let signature = sign(algorithm, &key, RsaPssSaltlen::DIGEST_LENGTH);
        for byte in (0..public.len()).step_by(7) {
            let mut flipped = public.clone();
            flipped[byte] ^= 1;
            assert!(
                !verdict(algorithm, &flipped, MESSAGE, &signature),
                "{algorithm:?}"
            );
        }
        let longer = [&public[..], &[0]].concat();
        for wrong in [&[][..], &[0], &public[1..], &longer] {
            assert!(
                !verdict(algorithm, wrong, MESSAGE, &signature),
                "{algorithm:?}"
            );
        }
        if let Key::Ecdsa(_) = algorithm.key {
            // Each is the same key in another encoding.
            for form in [PointConversionForm::HYBRID, PointConversionForm::COMPRESSED] {
                let point = public_bytes(&key, form);
                assert!(
                    algorithm
                        .verify_signature(&point, MESSAGE, &signature)
                        .is_err()
                );
            }
        }
    }
}

#[test]
fn leading_zeros_belong_to_a_signature() {
    for algorithm in ALL.iter().filter(|a| matches!(a.key, Key::RsaPss)) {
        let key = private_key(algorithm);
        let public = public_bytes(&key, PointConversionForm::UNCOMPRESSED);
        let signature = loop {
            let signature = sign(algorithm, &key, RsaPssSaltlen::DIGEST_LENGTH);
            if signature[0] == 0 {
                break signature;
            }
        };
        assert!(verdict(algorithm, &public, MESSAGE, &signature));
        assert!(!verdict(algorithm, &public, MESSAGE, &signature[1..]));
    }
}

#[test]
fn a_salt_is_as_long_as_the_hash() {
    for algorithm in ALL.iter().filter(|a| matches!(a.key, Key::RsaPss)) {
        let key = private_key(algorithm);
        let public = public_bytes(&key, PointConversionForm::UNCOMPRESSED);
        let signature = sign(algorithm, &key, RsaPssSaltlen::custom(20));
        assert!(!verdict(algorithm, &public, MESSAGE, &signature));
    }
}

#[test]
fn rsa_keys_have_2048_to_8192_bits() {
    for algorithm in ALL
        .iter()
        .filter(|a| matches!(a.key, Key::RsaPkcs1 | Key::RsaPss))
    {
        let key = PKey::from_rsa(Rsa::generate(2040).unwrap()).unwrap();
        let public = public_bytes(&key, PointConversionForm::UNCOMPRESSED);
        let signature = sign(algorithm, &key, RsaPssSaltlen::DIGEST_LENGTH);
        assert!(!verdict(algorithm, &public, MESSAGE, &signature));
    }
}

/// A DER element with a length in its shortest form.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    let header = if length < 128 {
        vec![tag, length]
    } else {
        vec![tag, 0x81, length]
    };
    [&header, content].concat()
}

/// A number as DER requires it: without a zero that the sign does not need.
fn integer(number: &[u8]) -> Vec<u8> {
    let mut content = number.to_vec();
    if content.first().is_none_or(|first| *first >= 0x80) {
        content.insert(0, 0);
    }
    element(2, &content)
}

#[test]
fn an_ecdsa_signature_has_one_encoding() {
    const INTEGER: u8 = 2;
    const SEQUENCE: u8 = 0x30;
    let pair = |r: &[u8], s: &[u8]| element(SEQUENCE, &[r, s].concat());
    let ecdsa = |a: &&Algorithm| matches!(a.key, Key::Ecdsa(_));
    for algorithm in ALL.iter().filter(ecdsa) {
        let key = private_key(algorithm);
        let public = public_bytes(&key, PointConversionForm::UNCOMPRESSED);
        let counts = |signature: &[u8]| verdict(algorithm, &public, MESSAGE, signature);
        // Any number with its highest bit set shows what a missing zero does.
        let (r, s) = loop {
            let signature = sign(algorithm, &key, RsaPssSaltlen::DIGEST_LENGTH);
            let read = EcdsaSig::from_der(&signature).unwrap();
            let (r, s) = (read.r().to_vec(), read.s().to_vec());
            // P-521 leaves the highest bits of its numbers clear.
            if r[0] >= 0x80 || matches!(algorithm.key, Key::Ecdsa(Curve::P521)) {
                break (r, s);
            }
        };
        let (der_r, der_s) = (integer(&r), integer(&s));
        let sound = pair(&der_r, &der_s);
        assert!(counts(&sound), "{algorithm:?}");

        let content = &sound[sound.len() - der_r.len() - der_s.len()..];
        let length = u8::try_from(content.len()).unwrap();
        let long_number = [&[INTEGER, 0x81, u8::try_from(s.len()).unwrap()], &s[..]].concat();
        let group = match algorithm.key {
            Key::Ecdsa(Curve::P256) => EcGroup::from_curve_name(Nid::X9_62_PRIME256V1),
            Key::Ecdsa(Curve::P384) => EcGroup::from_curve_name(Nid::SECP384R1),
            _ => EcGroup::from_curve_name(Nid::SECP521R1),
        };
        let mut order = BigNum::new().unwrap();
        let mut context = BigNumContext::new().unwrap();
        group.unwrap().order(&mut order, &mut context).unwrap();
        let above = &order + &*BigNum::from_slice(&s).unwrap();
        let negative = element(INTEGER, &[&[0xff], &s[..]].concat());
        for (fault, signature) in [
            ("a byte after the sequence", [&sound[..], &[0]].concat()),
            ("another sequence after it", [&sound[..], &sound].concat()),
            (
                "a third number",
                element(SEQUENCE, &[content, &integer(&[1])].concat()),
            ),
            ("one number", element(SEQUENCE, &der_r)),
            ("no numbers", element(SEQUENCE, &[])),
            ("a set", element(0x31, content)),
            (
                "an indefinite length",
                [&[SEQUENCE, 0x80], content, &[0, 0]].concat(),
            ),
            (
                "a length in three bytes",
                [&[SEQUENCE, 0x82, 0, length], content].concat(),
            ),
            (
                "a zero too many",
                pair(&element(INTEGER, &[&[0, 0], &r[..]].concat()), &der_s),
            ),
            ("a negative number", pair(&der_r, &negative)),
            ("an empty number", pair(&der_r, &element(INTEGER, &[]))),
            ("a long length of a number", pair(&der_r, &long_number)),
            ("zero", pair(&der_r, &integer(&[]))),
            ("zero first", pair(&integer(&[]), &der_s)),
            (
                "a number above the order",
                pair(&der_r, &integer(&above.to_vec())),
            ),
            ("swapped numbers", pair(&der_s, &der_r)),
        ] {
            assert!(!counts(&signature), "{algorithm:?} with {fault}");
        }
        if r[0] >= 0x80 {
            let without = pair(&element(INTEGER, &r), &der_s);
            assert!(!counts(&without), "{algorithm:?} without the sign's zero");
        }
    }
}
