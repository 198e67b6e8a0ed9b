//! Private keys under a passphrase.

mod budget;
pub(super) mod cipher;
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

use std::path::Path;

use super::chain::CertificateChain;
use super::identity::{self, MtlsIdentity};
use super::input::der_shape::DerShape;
use super::input::file;
use super::input::passphrase::Passphrase;
use super::key::{self, PrivateKey};
use super::pem::expected::ExpectedContent;
use super::pem::{self, Section, label};
use crate::error::MaterialError;
pub(super) use budget::Budget;
pub(super) use scheme::unsupported;

/// Private keys under a passphrase (cargo feature `encrypted-keys`).
impl PrivateKey {
    /// The most rounds of key derivation that opening a key, or all parts of a container, may take.
    pub const MAX_KDF_ITERATIONS: u32 = 10_000_000;
    /// The most memory that scrypt may take for opening a key, in bytes.
    pub const MAX_SCRYPT_MEMORY: u64 = 256 << 20;
    /// The most work that scrypt may do for opening a key, or all parts of a container: the bytes
    /// that it fills, over all lanes.
    pub const MAX_SCRYPT_WORK: u64 = 1 << 30;

    /// Reads the one private key of a PEM text and opens it with the passphrase.
    ///
    /// Understood are `ENCRYPTED PRIVATE KEY`, that is PKCS#8 under PBES2 (RFC 8018, section 6.2:
    /// PBKDF2 with HMAC-SHA-1 or SHA-2, or scrypt; AES-CBC, AES-GCM or 3DES), and the `DEK-Info`
    /// headers of old OpenSSL with AES-CBC or 3DES (RFC 1421, section 4.6.1.3). The withdrawn PBES1
    /// of PKCS#12 (RFC 7292, appendix C) with SHA-1 and 3DES takes the cargo feature `legacy-keys`.
    /// A key that is not encrypted is read too, the passphrase unused, so that one setting serves
    /// both. A salt may have 1,024 bytes.
    ///
    /// ```no_run
    /// use mtls::{Passphrase, PrivateKey};
    ///
    /// let pem = std::fs::read("client.key")?;
    /// let key = PrivateKey::from_encrypted_pem(&pem, &Passphrase::new("correct horse"))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`from_pem`](Self::from_pem), and [`MaterialError`] when the passphrase is wrong,
    /// the encryption is of another kind, or opening the key would cost more than the limits of
    /// this type, which are checked before any work is done.
    pub fn from_encrypted_pem(pem: &[u8], passphrase: &Passphrase) -> Result<Self, MaterialError> {
        file::check_size(pem, Self::MAX_INPUT_BYTES)?;
        let sections = pem::sections(pem, Self::MAX_SECTIONS)?;
        from_section(
            key::only_key(&sections, ExpectedContent::Key)?,
            Some(passphrase),
        )
    }

    /// Reads a file as [`from_encrypted_pem`](Self::from_encrypted_pem) reads bytes.
    ///
    /// # Errors
    ///
    /// The errors of [`from_encrypted_pem`](Self::from_encrypted_pem), and those of reading; each
    /// names the file. Only regular files are read.
    pub fn from_encrypted_pem_file(
        path: impl AsRef<Path>,
        passphrase: &Passphrase,
    ) -> Result<Self, MaterialError> {
        file::load(path.as_ref(), Self::MAX_INPUT_BYTES, |file| {
            Ok(Self::from_encrypted_pem(&file.bytes, passphrase)?.exposed(file.exposure))
        })
    }
}

/// Private keys under a passphrase (cargo feature `encrypted-keys`).
impl MtlsIdentity {
    /// Reads the chain from one PEM text and the key, under a passphrase, from another.
    ///
    /// A key that is not encrypted is read too, the passphrase unused.
    ///
    /// # Errors
    ///
    /// Those of [`CertificateChain::from_pem`], [`PrivateKey::from_encrypted_pem`] and
    /// [`new`](Self::new).
    pub fn from_encrypted_pem(
        chain_pem: &[u8],
        key_pem: &[u8],
        passphrase: &Passphrase,
    ) -> Result<Self, MaterialError> {
        Self::new(
            CertificateChain::from_pem(chain_pem)?,
            PrivateKey::from_encrypted_pem(key_pem, passphrase)?,
        )
    }

    /// Reads the chain from one PEM file and the key, under a passphrase, from another.
    ///
    /// ```no_run
    /// use mtls::{MtlsIdentity, Passphrase};
    ///
    /// let passphrase = Passphrase::new("correct horse");
    /// let identity =
    ///     MtlsIdentity::from_encrypted_pem_files("client.crt", "client.key", &passphrase)?;
    /// # Ok::<(), mtls::MaterialError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`CertificateChain::from_pem_file`], [`PrivateKey::from_encrypted_pem_file`] and
    /// [`new`](Self::new); each names the file or both.
    pub fn from_encrypted_pem_files(
        chain_path: impl AsRef<Path>,
        key_path: impl AsRef<Path>,
        passphrase: &Passphrase,
    ) -> Result<Self, MaterialError> {
        let (chain_path, key_path) = (chain_path.as_ref(), key_path.as_ref());
        let chain = CertificateChain::from_pem_file(chain_path)?;
        let key = PrivateKey::from_encrypted_pem_file(key_path, passphrase)?;
        Self::new(chain, key).map_err(|e| e.with_origin(identity::pair(chain_path, key_path)))
    }
}

/// Reads the key of a section, and opens it where it is encrypted.
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
            return Err(section.error(scheme::refused(algorithm)));
        }
        pkcs8::decrypt(&section.decode()?, &asked)
    } else if section.has_encryption_header() {
        legacy::decrypt(section, &section.decode()?, &asked)
    } else {
        let der = section.decode()?;
        // By content, as where it is DER: the label may be another.
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

/// Reads a key in DER, and opens it where it is encrypted.
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
