//! What stands under a passphrase, which a fuzzer cannot write: the input is sealed here.

use mtls::PrivateKey;
use openssl::hash::MessageDigest;
use openssl::pkcs5::pbkdf2_hmac;
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
