//! PBES2 (RFC 8018, section 6.2) with every derivation and cipher, put together octet by octet.

use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::array::ArraySize;
use aes_gcm::{Aes128Gcm, Aes256Gcm, KeyInit};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use der::Encode;
use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use mtls::{MaterialError, Passphrase, PrivateKey};

use crate::{fixture, says};

const PASSPHRASE: &str = "correct horse";
const PBES2: &str = "1.2.840.113549.1.5.13";
const PBKDF2: &str = "1.2.840.113549.1.5.12";
const SCRYPT: &str = "1.3.6.1.4.1.11591.4.11";
const HMAC_SHA_256: &str = "1.2.840.113549.2.9";
const AES_256_CBC: &str = "2.16.840.1.101.3.4.1.42";
const AES_128_GCM: &str = "2.16.840.1.101.3.4.1.6";
const AES_256_GCM: &str = "2.16.840.1.101.3.4.1.46";

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    AnyRef::new(der::Tag::Sequence, &content)
        .unwrap()
        .to_der()
        .unwrap()
}

fn octets(bytes: &[u8]) -> Vec<u8> {
    OctetStringRef::new(bytes).unwrap().to_der().unwrap()
}

fn oid(text: &str) -> Vec<u8> {
    ObjectIdentifier::new_unwrap(text).to_der().unwrap()
}

fn number(value: u16) -> Vec<u8> {
    value.to_der().unwrap()
}

/// An algorithm and its parameters.
fn algorithm(name: &str, parameters: &[u8]) -> Vec<u8> {
    sequence(&[&oid(name), parameters])
}

/// The encrypted key with its scheme.
fn encrypted(kdf: &[u8], cipher: &[u8], sealed: &[u8]) -> Vec<u8> {
    let scheme = algorithm(PBES2, &sequence(&[kdf, cipher]));
    sequence(&[&scheme, &octets(sealed)])
}

fn open(der: &[u8]) -> Result<PrivateKey, MaterialError> {
    mtls::Loader::new()
        .passphrase(Passphrase::new(PASSPHRASE))
        .load_key(mtls::material::Input::bytes(der))
}

#[track_caller]
fn opens(der: &[u8]) {
    let key = open(der).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(key.pkcs8_der().secret_pkcs8_der(), plain());
}

fn plain() -> Vec<u8> {
    let key = PrivateKey::from_pem(&fixture("ed25519.pem")).unwrap();
    key.pkcs8_der().secret_pkcs8_der().to_vec()
}

fn cbc(key: &[u8; 32]) -> Vec<u8> {
    let plain = plain();
    let cipher = cbc::Encryptor::<aes::Aes256>::new(key.into(), &[7; 16].into());
    let mut buffer = [plain.as_slice(), &[0; 16]].concat();
    let sealed = cipher.encrypt_padded::<Pkcs7>(&mut buffer, plain.len());
    sealed.unwrap().to_vec()
}

fn gcm(cipher: &impl AeadInOut<NonceSize: ArraySize>) -> Vec<u8> {
    let mut text = plain();
    let nonce = (&[7; 12][..]).try_into().unwrap();
    let tag = cipher.encrypt_inout_detached(nonce, &[], text.as_mut_slice().into());
    [text, tag.unwrap().to_vec()].concat()
}

fn derived<const LENGTH: usize>(salt: &[u8]) -> [u8; LENGTH] {
    let mut key = [0; LENGTH];
    pbkdf2::pbkdf2_hmac::<sha2::Sha256>(PASSPHRASE.as_bytes(), salt, 2, &mut key);
    key
}

/// PBKDF2 with two rounds; `optional` is what may follow them.
fn pbkdf2(salt: &[u8], optional: &[u8]) -> Vec<u8> {
    algorithm(PBKDF2, &sequence(&[&octets(salt), &number(2), optional]))
}

fn digest(name: &str) -> Vec<u8> {
    algorithm(name, &[5, 0])
}

/// The salts of NSS and of others are longer than those of `openssl`.
#[test]
fn long_salts_are_read_up_to_a_limit() {
    for length in [0, 1, 32, 33, 64, 1024, 1025] {
        let salt = vec![7; length];
        let mut scrypt = [0; 32];
        let params = scrypt::Params::new(4, 8, 1).unwrap();
        scrypt::scrypt(PASSPHRASE.as_bytes(), &salt, &params, &mut scrypt).unwrap();
        let of_scrypt = sequence(&[&octets(&salt), &number(16), &number(8), &number(1)]);
        for (kdf, key) in [
            (pbkdf2(&salt, &digest(HMAC_SHA_256)), derived(&salt)),
            (algorithm(SCRYPT, &of_scrypt), scrypt),
        ] {
            let gcm = gcm(&Aes256Gcm::new(&key.into()));
            // The parameters of GCM as RFC 5084 has them, and as some write them.
            let gcm_parameters = sequence(&[&octets(&[7; 12]), &number(16)]);
            for (cipher, parameters, sealed) in [
                (AES_256_CBC, octets(&[7; 16]), &cbc(&key)),
                (AES_256_GCM, gcm_parameters, &gcm),
                (AES_256_GCM, octets(&[7; 12]), &gcm),
            ] {
                let der = encrypted(&kdf, &algorithm(cipher, &parameters), sealed);
                if length <= 1024 {
                    opens(&der);
                } else {
                    says(open(&der), &["more than 1024 bytes of salt"]);
                }
                // A changed last octet is a wrong tag, or wrong padding.
                let mut changed = der.clone();
                *changed.last_mut().unwrap() ^= 0x80;
                assert!(open(&changed).is_err());
            }
        }
    }
}

#[test]
fn every_digest_of_pbkdf2_is_read() {
    type Derive = fn(&[u8], &[u8], u32, &mut [u8]);
    let cipher = algorithm(AES_256_CBC, &octets(&[7; 16]));
    for (name, derive) in [
        (
            "1.2.840.113549.2.7",
            pbkdf2::pbkdf2_hmac::<sha1::Sha1> as Derive,
        ),
        ("1.2.840.113549.2.8", pbkdf2::pbkdf2_hmac::<sha2::Sha224>),
        (HMAC_SHA_256, pbkdf2::pbkdf2_hmac::<sha2::Sha256>),
        ("1.2.840.113549.2.10", pbkdf2::pbkdf2_hmac::<sha2::Sha384>),
        ("1.2.840.113549.2.11", pbkdf2::pbkdf2_hmac::<sha2::Sha512>),
    ] {
        let mut key = [0; 32];
        derive(PASSPHRASE.as_bytes(), b"salt", 2, &mut key);
        opens(&encrypted(
            &pbkdf2(b"salt", &digest(name)),
            &cipher,
            &cbc(&key),
        ));
    }
}

#[test]
fn the_parameters_of_gcm_fit_the_cipher() {
    let kdf = pbkdf2(b"salt", &digest(HMAC_SHA_256));
    let small = gcm(&Aes128Gcm::new(&derived::<16>(b"salt").into()));
    let large = gcm(&Aes256Gcm::new(&derived::<32>(b"salt").into()));
    let nonce = octets(&[7; 12]);
    for (name, sealed) in [(AES_128_GCM, small), (AES_256_GCM, large)] {
        let with = |parameters: &[&[u8]]| {
            let cipher = algorithm(name, &sequence(parameters));
            encrypted(&kdf, &cipher, &sealed)
        };
        opens(&with(&[&nonce, &number(16)]));
        // Shorter tags are rejected; RFC 5084, section 3.2, has 12 octets where none are stated.
        let rejected = ["PBES2 with such parameters of PBKDF2"];
        says(open(&with(&[&nonce, &number(13)])), &rejected);
        says(open(&with(&[&nonce])), &rejected);
        says(open(&with(&[&octets(&[7; 11]), &number(16)])), &rejected);
    }
}

#[test]
fn a_stated_length_of_the_key_is_the_ciphers() {
    let cipher = algorithm(AES_256_CBC, &octets(&[7; 16]));
    let sealed = cbc(&derived(b"salt"));
    let with = |length| {
        let kdf = pbkdf2(b"salt", &[number(length), digest(HMAC_SHA_256)].concat());
        encrypted(&kdf, &cipher, &sealed)
    };
    opens(&with(32));
    for length in [1, 16, 31, 33] {
        says(open(&with(length)), &["not a private key"]);
    }
}
