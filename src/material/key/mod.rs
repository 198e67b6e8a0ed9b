// Further methods of `PrivateKey`: `encryption/` opens encrypted keys, `loader/from_file.rs` reads
// files.

pub(crate) mod encoding;
pub(crate) mod key_type;
pub(crate) mod public_half;
pub(crate) mod rsa_numbers;
pub(crate) mod signature_scheme;
pub(crate) mod signing_fault;
#[cfg_attr(
    not(feature = "rustls"),
    allow(dead_code, reason = "one backend alone lets others sign")
)]
pub(crate) mod signing_key;

use core::fmt;

use pki_types::PrivatePkcs8KeyDer;
use zeroize::Zeroizing;

use super::input::file;
use super::input::permissions::InsecurePermissions;
use super::pem::expected::ExpectedContent;
use super::pem::label::{self, SectionKind};
use super::pem::{self, Section, unexpected_input};
use crate::crypto::sha256;
use crate::error::{MaterialError, MaterialProblem};
use encoding::Pkcs8Key;
use key_type::KeyType;
use public_half::PublicHalf;

/// The private key of an identity.
///
/// RSA of 2048 to 8192 bits, ECDSA on P-256, P-384 and P-521, Ed25519 and ML-DSA are accepted, as
/// PKCS#8 (RFC 5958), PKCS#1 (RFC 8017) or SEC1 (RFC 5915). The error for any other kind names it.
/// ML-DSA is PKCS#8 in one of the three forms of RFC 9881, section 6: seed, expanded key, or both.
/// The key is kept as PKCS#8, in a form that every backend with the algorithm reads. (ring, and so
/// rustls on ring, has neither P-521 nor ML-DSA, and signs with RSA keys of up to 4096 bits only.)
/// The bytes are wiped on drop, and `Debug` does not show them.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let key_pem = &pki::pki().client_key;
/// use mtls::PrivateKey;
/// use mtls::material::KeyType;
///
/// let key = PrivateKey::from_pem(key_pem.as_bytes())?;
/// assert_eq!(key.key_type(), KeyType::EcdsaP256);
/// let same = PrivateKey::from_der(key.pkcs8_der().secret_pkcs8_der())?;
/// assert_eq!(same.clone_key().pkcs8_der(), key.pkcs8_der());
/// assert_eq!(format!("{key:?}"), "PrivateKey(ECDSA P-256, ..)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PrivateKey {
    kind: KeyType,
    pkcs8: Zeroizing<Vec<u8>>,
    /// The public key; `None` if it is neither derived nor in the input.
    spki: Option<Vec<u8>>,
    /// Set if the key came from a file with insecure permissions.
    exposure: Option<InsecurePermissions>,
    /// Set if its passphrase came from such a file.
    pub(super) passphrase_exposure: Option<InsecurePermissions>,
}

impl PrivateKey {
    /// The maximum length of an input in bytes.
    pub const MAX_INPUT_BYTES: usize = 1 << 20;
    /// The maximum number of PEM sections in an input.
    pub const MAX_SECTIONS: usize = 32;

    /// Reads the one private key of a PEM text (RFC 7468, section 10).
    ///
    /// The content decides the encoding, not the label. `EC PARAMETERS` beside the key, as `openssl
    /// ecparam -genkey` writes them, are ignored, and so are `DH PARAMETERS`, `DSA PARAMETERS` and
    /// text between the sections.
    ///
    /// # Errors
    ///
    /// [`MaterialError`] if the key is damaged, of another kind or encrypted, if there are two
    /// keys, if there is anything besides a key, or if a limit of this type is exceeded.
    pub fn from_pem(pem: &[u8]) -> Result<Self, MaterialError> {
        file::check_size(pem, Self::MAX_INPUT_BYTES)?;
        let sections = pem::sections(pem, Self::MAX_SECTIONS)?;
        Self::from_section(only_key(&sections, ExpectedContent::Key)?)
    }

    /// Reads a key in DER: PKCS#8, PKCS#1 or SEC1.
    ///
    /// # Errors
    ///
    /// [`MaterialError`] if the key is damaged, of another kind or encrypted.
    pub fn from_der(der: &[u8]) -> Result<Self, MaterialError> {
        file::check_size(der, Self::MAX_INPUT_BYTES)?;
        Self::read(der).map_err(|problem| match problem {
            MaterialProblem::KeyMalformed => {
                unexpected_input::instead_of_der(der, ExpectedContent::Key)
                    .unwrap_or(problem)
                    .into()
            }
            problem => problem.into(),
        })
    }

    /// Returns the key as PKCS#8, version 1 (RFC 5958).
    pub fn pkcs8_der(&self) -> PrivatePkcs8KeyDer<'_> {
        PrivatePkcs8KeyDer::from(self.pkcs8.as_slice())
    }

    /// Returns the kind of the key.
    pub fn key_type(&self) -> KeyType {
        self.kind
    }

    /// Returns SHA-256 over the `SubjectPublicKeyInfo` of its public half, as `openssl pkey -pubout
    /// -outform DER | sha256sum` prints it.
    ///
    /// `None` for ECDSA P-521 and ML-DSA keys whose input does not contain it, and for the other
    /// ECDSA keys and Ed25519 where no feature brings a library that derives it (see
    /// [`MtlsIdentity`](crate::MtlsIdentity)).
    pub fn spki_sha256(&self) -> Option<[u8; 32]> {
        self.spki.as_ref().map(|spki| sha256(spki))
    }

    /// Copies the secret key; `Clone` is missing so that each copy is explicit.
    pub fn clone_key(&self) -> Self {
        Self {
            kind: self.kind,
            pkcs8: self.pkcs8.clone(),
            spki: self.spki.clone(),
            exposure: self.exposure.clone(),
            passphrase_exposure: self.passphrase_exposure.clone(),
        }
    }

    pub(super) fn public_half(&self) -> PublicHalf<'_> {
        match &self.spki {
            Some(spki) => PublicHalf::Known(spki),
            None => PublicHalf::OfKind(self.kind),
        }
    }

    /// Returns the insecure permissions of the key's file, if any.
    pub(super) fn exposure(&self) -> Option<&InsecurePermissions> {
        self.exposure.as_ref()
    }

    pub(super) fn exposed(mut self, exposure: Option<InsecurePermissions>) -> Self {
        self.exposure = exposure;
        self
    }

    /// Removes the insecure permissions of the files of the key and its passphrase.
    pub(super) fn without_exposure(mut self) -> Self {
        self.exposure = None;
        self.passphrase_exposure = None;
        self
    }

    /// Returns the insecure permissions of its passphrase's file, if any.
    pub(super) fn passphrase_exposure(&self) -> Option<&InsecurePermissions> {
        self.passphrase_exposure.as_ref()
    }

    pub(super) fn from_section(section: &Section<'_>) -> Result<Self, MaterialError> {
        if section.label == label::ENCRYPTED_PRIVATE_KEY || section.has_encryption_header() {
            return Err(section.error(MaterialProblem::EncryptedKey));
        }
        let der = section.decode()?;
        Self::read(&der).map_err(|problem| section.error(problem))
    }

    pub(super) fn read(der: &[u8]) -> Result<Self, MaterialProblem> {
        let Pkcs8Key { kind, pkcs8, spki } = Pkcs8Key::read(der)?;
        Ok(Self {
            kind,
            pkcs8,
            spki,
            exposure: None,
            passphrase_exposure: None,
        })
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, ..)", self.kind)
    }
}

/// Returns the only section with a private key; any other content is an error.
pub(super) fn only_key<'s, 'a>(
    sections: &'s [Section<'a>],
    wanted: ExpectedContent,
) -> Result<&'s Section<'a>, MaterialError> {
    let mut key: Option<&Section<'_>> = None;
    for section in sections {
        let content = label::sort(section.label, wanted).map_err(|p| section.error(p))?;
        match (content, key) {
            (SectionKind::Key, None) => key = Some(section),
            (SectionKind::Key, Some(first)) => {
                let first = first.index;
                return Err(section.error(MaterialProblem::SecondKey { first }));
            }
            (
                SectionKind::Certificate | SectionKind::Parameters | SectionKind::RevocationList,
                _,
            ) => {}
        }
    }
    key.ok_or_else(|| {
        pem::parameters_alone(sections, wanted).unwrap_or_else(|| MaterialProblem::NoKey.into())
    })
}
