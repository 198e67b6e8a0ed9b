//! Encrypted private keys.

mod budget;
pub(super) mod cipher;
mod describe;
pub(super) mod kdf;
mod legacy;
#[cfg(any(feature = "legacy-keys", feature = "pkcs12"))]
pub(crate) mod pbe;
#[cfg(feature = "encrypted-keys")]
#[cfg_attr(not(feature = "legacy-keys"), path = "pbes1/absent.rs")]
pub(crate) mod pbes1;
pub(super) mod pbes2;
pub(super) mod pkcs8;
pub(super) mod scheme;

use super::input::der_shape::DerShape;
use super::input::passphrase::Passphrase;
use super::key::PrivateKey;
use super::pem::{Section, label};
use crate::error::MaterialError;
pub(super) use budget::Budget;
pub(super) use describe::{describe_der, describe_section};
pub(super) use scheme::unsupported;

/// Limits for encrypted private keys (cargo feature `encrypted-keys`).
impl PrivateKey {
    /// The maximum iterations of key derivation for a key or a whole container.
    pub const MAX_KDF_ITERATIONS: u32 = 10_000_000;
    /// The maximum memory of scrypt for a key, in bytes.
    pub const MAX_SCRYPT_MEMORY: u64 = 256 << 20;
    /// The maximum work of scrypt for a key or a whole container.
    ///
    /// It is the number of bytes that scrypt fills, over all lanes.
    pub const MAX_SCRYPT_WORK: u64 = 1 << 30;
}

/// Reads the key of a section, and decrypts it if it is encrypted.
pub(super) fn from_section(
    section: &Section<'_>,
    passphrase: Option<&Passphrase>,
) -> Result<PrivateKey, MaterialError> {
    let Some(passphrase) = passphrase else {
        return PrivateKey::from_section(section);
    };
    let asked = passphrase.asked();
    let plain = if section.label == label::ENCRYPTED_PRIVATE_KEY {
        if section.has_encryption_header() {
            let algorithm = "PKCS#8 and once more by PEM headers".to_owned();
            return Err(section.error(scheme::encryption_unsupported(algorithm)));
        }
        pkcs8::decrypt(&section.decode()?, &asked)
    } else if section.has_encryption_header() {
        legacy::decrypt(section, &section.decode()?, &asked)
    } else {
        let der = section.decode()?;
        // By content, like DER: the label may be another.
        if DerShape::of(&der) != Some(DerShape::EncryptedPkcs8) {
            return PrivateKey::from_section(section);
        }
        pkcs8::decrypt(&der, &asked)
    };
    plain
        .and_then(|plain| PrivateKey::read(&plain))
        .map(|key| asked.opened(key))
        .map_err(|problem| section.error(problem))
}

/// Reads a key in DER, and decrypts it if it is encrypted.
pub(super) fn from_der(
    der: &[u8],
    passphrase: Option<&Passphrase>,
) -> Result<PrivateKey, MaterialError> {
    match passphrase {
        Some(passphrase) if DerShape::of(der) == Some(DerShape::EncryptedPkcs8) => {
            let asked = passphrase.asked();
            let key = pkcs8::decrypt(der, &asked).and_then(|plain| PrivateKey::read(&plain))?;
            Ok(asked.opened(key))
        }
        _ => PrivateKey::from_der(der),
    }
}
