//! What stands under a passphrase, which a fuzzer cannot write: the input is sealed here.

use mtls::PrivateKey;
#[cfg(feature = "pkcs12")]
use mtls::{MaterialError, MtlsIdentity, Passphrase, TrustAnchors};
use openssl::hash::MessageDigest;
use openssl::pkcs5::pbkdf2_hmac;
#[cfg(feature = "pkcs12")]
use openssl::pkey::PKey;
#[cfg(feature = "pkcs12")]
use openssl::sign::Signer;
use openssl::symm::{Cipher, encrypt};

use super::encoding::{armour, tlv};
use super::secrets::Secrets;
use super::{PASSPHRASE, check_key, open};

const SALT: [u8; 8] = [7; 8];
const IV: [u8; 16] = [9; 16];

/// What is read when the passphrase is right: any bytes, encrypted as PKCS#8.
///
/// They open to the key that they are in the clear, or to none.
pub fn encrypted_key(plain: &[u8]) {
    let sealed = pbes2(plain);
    let secrets = Secrets::of_der(plain);
    let opened = check_key(
        open(armour("ENCRYPTED PRIVATE KEY", &sealed).as_bytes()),
        &secrets,
    );
    let in_clear = check_key(PrivateKey::from_der(plain), &secrets);
    assert_eq!(opened, in_clear);
}

/// PBKDF2 with HMAC-SHA-256, one round, and AES-128-CBC (RFC 8018, appendix A.4).
fn pbes2(plain: &[u8]) -> Vec<u8> {
    let mut key = [0; 16];
    pbkdf2_hmac(
        PASSPHRASE.as_bytes(),
        &SALT,
        1,
        MessageDigest::sha256(),
        &mut key,
    )
    .unwrap();
    let data = encrypt(Cipher::aes_128_cbc(), &key, Some(&IV), plain).unwrap();
    let sha256 = tlv(0x30, &[b"\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x09\x05\x00"]);
    let rounds = tlv(0x30, &[&tlv(4, &[&SALT]), &tlv(2, &[&[1]]), &sha256]);
    let kdf = tlv(
        0x30,
        &[b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c", &rounds],
    );
    let aes = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x02";
    let cipher = tlv(0x30, &[aes, &tlv(4, &[&IV])]);
    let scheme = tlv(
        0x30,
        &[
            b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d",
            &tlv(0x30, &[&kdf, &cipher]),
        ],
    );
    tlv(0x30, &[&scheme, &tlv(4, &[&data])])
}

/// A container as it is, and any bytes as what the MAC of a container is over.
#[cfg(feature = "pkcs12")]
pub fn pkcs12(input: &[u8]) {
    let secrets = Secrets::of_der(input);
    if secrets.are_cheap() {
        container(input, &secrets);
        container(&sealed(input), &secrets);
    }
}

#[cfg(feature = "pkcs12")]
fn container(der: &[u8], secrets: &Secrets) {
    let passphrase = Passphrase::new(PASSPHRASE);
    let identity = mtls::Loader::new()
        .passphrase(passphrase.clone())
        .load_identity(mtls::material::Input::bytes(der));
    let anchors = mtls::Loader::new()
        .passphrase(passphrase.clone())
        .load_anchors(mtls::material::Input::bytes(der));
    assert!(
        identity.is_err() || anchors.is_err(),
        "an identity is no store of anchors"
    );
    let any = mtls::Loader::new()
        .passphrase(passphrase.clone())
        .load_identity(mtls::material::Input::bytes(der));
    assert_eq!(any.is_ok(), identity.is_ok());
    let certificates = |identity: &MtlsIdentity| identity.chain().clone();
    assert_eq!(
        any.as_ref().ok().map(certificates),
        identity.as_ref().ok().map(certificates)
    );
    let wrong = Passphrase::new("guess");
    let rejected = |error: &MaterialError| super::check_material_error(error, secrets);
    let guessed = mtls::Loader::new()
        .passphrase(wrong.clone())
        .load_identity(mtls::material::Input::bytes(der));
    rejected(&guessed.expect_err("opened by another passphrase"));
    anchors
        .iter()
        .for_each(|anchors| assert!(!anchors.as_slice().is_empty()));
    anchors.as_ref().err().into_iter().for_each(rejected);
    super::check_identity(identity, secrets);
    let named = mtls::Loader::new()
        .passphrase(passphrase.clone())
        .friendly_name("alice")
        .load_identity(mtls::material::Input::bytes(der));
    super::check_identity(named, secrets);
}

/// With a MAC of one round, whose key the passphrase and the salt always give (RFC 7292, appendix B).
#[cfg(feature = "pkcs12")]
fn sealed(safes: &[u8]) -> Vec<u8> {
    const MAC_KEY: [u8; 32] = [
        0xbc, 0x69, 0x0b, 0x7c, 0x41, 0x27, 0xc6, 0xd4, 0x97, 0xfb, 0xb3, 0x02, 0x3e, 0x35, 0xf3,
        0xf5, 0x64, 0xbc, 0xb2, 0x54, 0x2a, 0xfe, 0xf1, 0x58, 0xe3, 0xe2, 0x76, 0xa4, 0x33, 0x6d,
        0x22, 0x09,
    ];
    let key = PKey::hmac(&MAC_KEY).unwrap();
    let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
    let digest = signer.sign_oneshot_to_vec(safes).unwrap();
    let data = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
    let content = tlv(0x30, &[data, &tlv(0xa0, &[&tlv(4, &[safes])])]);
    let sha256 = b"\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00";
    let digest = tlv(0x30, &[sha256, &tlv(4, &[&digest])]);
    let mac = tlv(0x30, &[&digest, &tlv(4, &[&SALT]), &tlv(2, &[&[1]])]);
    tlv(0x30, &[&tlv(2, &[&[3]]), &content, &mac])
}

#[cfg(all(test, feature = "pkcs12"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens() {
        let safes = include_bytes!("corpus/pkcs12/seed-modern-safes");
        let passphrase = Passphrase::new(PASSPHRASE);
        let identity = mtls::Loader::new()
            .passphrase(passphrase.clone())
            .load_identity(mtls::material::Input::bytes(sealed(safes)))
            .unwrap();
        assert_eq!(identity.chain().as_slice().len(), 2);
    }
}
