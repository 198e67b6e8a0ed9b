//! How a private key is encrypted, in words.

use der::Decode;
use der::asn1::AnyRef;
use pkcs8::spki::AlgorithmIdentifierRef;

use super::pbes2::PBES2;
use super::pkcs8::EncryptedKey;
use super::scheme;
use crate::material::pem::{Section, label};

/// The ciphers of `DEK-Info` that are read.
const CIPHERS: [&str; 4] = ["AES-128-CBC", "AES-192-CBC", "AES-256-CBC", "DES-EDE3-CBC"];

/// Returns the algorithms of an encrypted key; `None` for a key in the clear.
pub(in crate::material) fn describe_section(section: &Section<'_>) -> Option<String> {
    if section.has_encryption_header() {
        let (_, info) = section.headers().find(|(name, _)| *name == "DEK-Info")?;
        let name = info.split(',').next().unwrap_or_default().trim();
        let known = CIPHERS.into_iter().find(|known| *known == name);
        let cipher = known.unwrap_or_else(|| scheme::cipher(name));
        return Some(format!("OpenSSL's old format, {cipher}"));
    }
    let described = section.decode().ok().and_then(|der| describe_der(&der));
    let is_encrypted = section.label == label::ENCRYPTED_PRIVATE_KEY;
    described.or_else(|| is_encrypted.then(|| "algorithms that cannot be read".to_owned()))
}

/// Returns the algorithms of an encrypted PKCS#8; `None` for anything else.
pub(in crate::material) fn describe_der(der: &[u8]) -> Option<String> {
    let algorithm = EncryptedKey::from_der(der).ok()?.algorithm;
    let parts = match algorithm.parameters {
        Some(parameters) if algorithm.oid == PBES2 => parts(parameters),
        _ => None,
    };
    Some(match parts {
        Some([kdf, cipher]) => format!(
            "PBES2, {} and {}",
            scheme::name(kdf.oid),
            scheme::name(cipher.oid)
        ),
        None => scheme::name(algorithm.oid),
    })
}

fn parts(parameters: AnyRef<'_>) -> Option<[AlgorithmIdentifierRef<'_>; 2]> {
    super::pbes2::parts(parameters).ok()
}
