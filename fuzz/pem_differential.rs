//! Our reading of PEM against OpenSSL's.

use mtls::{PrivateKey, TrustAnchors};
use openssl::pkey::PKey;
use openssl::x509::X509;

use super::encoding::armour_all;

/// A text with certificates or a key.
///
/// Of a text that loads, OpenSSL reads the same certificates, or the same key: nothing is passed over that it sees, and
/// nothing seen that it passes over. One that does not load may hold anything: ours is the stricter reading. What
/// OpenSSL reads loads when it is written anew, certificate by certificate, unless we reject the certificate itself.
pub fn pem_differential(input: &[u8]) {
    certificates(input);
    key(input);
}

fn certificates(input: &[u8]) {
    let theirs = X509::stack_from_pem(input);
    if let (Ok(ours), Ok(theirs)) = (TrustAnchors::from_pem(input), &theirs) {
        let theirs: Vec<Vec<u8>> = theirs.iter().map(|c| c.to_der().unwrap()).collect();
        let ours: Vec<&[u8]> = ours.as_slice().iter().map(|der| &**der).collect();
        // OpenSSL stops in silence at what it cannot read once it has read one.
        if has_unread(input, theirs.len()) {
            assert!(ours.iter().zip(&theirs).all(|(a, b)| a == b));
        } else {
            assert_eq!(ours, theirs);
        }
    }
    for certificate in theirs.unwrap_or_default() {
        let der = certificate.to_der().unwrap().into();
        let from_pem = TrustAnchors::from_pem(armour_all(&[der]).as_bytes());
        let der = certificate.to_der().unwrap().into();
        assert_eq!(from_pem.ok(), TrustAnchors::from_der([der]).ok());
    }
}

fn has_unread(input: &[u8], read: usize) -> bool {
    let sections = input.windows(11).filter(|w| w == b"-----BEGIN ");
    sections.count() != read
}

fn key(input: &[u8]) {
    let Ok(ours) = PrivateKey::from_pem(input) else {
        return;
    };
    // Never asked for: what loads without a passphrase is not encrypted.
    let Ok(theirs) = PKey::private_key_from_pem_callback(input, |_| Ok(0)) else {
        return;
    };
    let ours = PKey::private_key_from_pkcs8(ours.pkcs8_der().secret_pkcs8_der()).unwrap();
    assert!(ours.public_eq(&theirs), "another key");
}
