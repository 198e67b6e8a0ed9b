//! Identities in any encoding.

use std::path::Path;

use pki_types::CertificateDer;

use super::{Certificates, certificates_in, neither, refused};
use crate::error::MaterialError;
use crate::material::chain::repair::ChainRepair;
use crate::material::chain::{CertificateChain, certificates};
use crate::material::container::{pkcs7, pkcs12};
use crate::material::encryption;
use crate::material::identity::{self, MtlsIdentity};
use crate::material::input::der_shape::DerShape;
use crate::material::input::file;
use crate::material::input::format::DetectedFormat;
use crate::material::input::passphrase::Passphrase;
use crate::material::key::{self, PrivateKey};
use crate::material::pem::expected::ExpectedContent;
use crate::material::pem::{self, label};

/// Any encoding, told by the content.
impl MtlsIdentity {
    /// Reads the chain and its key from one input: a PEM bundle or PKCS#12, whichever it is.
    ///
    /// In a bundle the key may stand anywhere, encrypted or not, and the leaf has to be the first
    /// of the certificates. PKCS#12 takes the cargo feature `pkcs12`, an encrypted key
    /// `encrypted-keys`. The passphrase is asked for only where something is encrypted. Taken at
    /// most are [`CertificateChain::MAX_INPUT_BYTES`].
    ///
    /// ```no_run
    /// use mtls::{MtlsIdentity, Passphrase};
    ///
    /// let bytes = std::fs::read("client.p12")?;
    /// let identity = MtlsIdentity::from_bytes(&bytes, Some(&Passphrase::new("correct horse")))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`from_pem_bundle`](Self::from_pem_bundle) and [`PrivateKey::from_bytes`], or those
    /// of reading PKCS#12; and [`MaterialError`] when it is something else, which is named, such as
    /// a certificate without its key.
    pub fn from_bytes(
        bytes: &[u8],
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, MaterialError> {
        match IdentityInput::read(bytes, passphrase)? {
            IdentityInput::Arranged(identity) => Ok(identity),
            IdentityInput::Parts(chain, key) => Self::new(chain, key),
        }
    }

    /// Reads a file as [`from_bytes`](Self::from_bytes) reads bytes. The name of the file says
    /// nothing.
    ///
    /// # Errors
    ///
    /// The errors of [`from_bytes`](Self::from_bytes), and those of reading; each names the file.
    /// Only regular files are read.
    pub fn from_file(
        path: impl AsRef<Path>,
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, MaterialError> {
        file::load(path.as_ref(), CertificateChain::MAX_INPUT_BYTES, |file| {
            Self::from_bytes(&file.bytes, passphrase)?.exposed(file.exposure)
        })
    }

    /// Reads the chain from one file and the key from another, each by its content.
    ///
    /// PKCS#7 has no order: the leaf is the certificate of this key, whatever others are in it, and
    /// the chain is put together from it, as [`CertificateChain::from_bytes`] does.
    ///
    /// ```no_run
    /// use mtls::{MtlsIdentity, Passphrase};
    ///
    /// let passphrase = Passphrase::from_file("/run/secrets/passphrase");
    /// let identity = MtlsIdentity::from_files("client.p7b", "client.der", Some(&passphrase))?;
    /// # Ok::<(), mtls::MaterialError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`CertificateChain::from_file`], [`PrivateKey::from_file`] and [`new`](Self::new);
    /// each names the file or both.
    pub fn from_files(
        chain_path: impl AsRef<Path>,
        key_path: impl AsRef<Path>,
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, MaterialError> {
        let (chain_path, key_path) = (chain_path.as_ref(), key_path.as_ref());
        let given = CertificateInput::load(chain_path)?;
        let key = PrivateKey::from_file(key_path, passphrase)?;
        let build = || match given {
            CertificateInput::Listed(chain) => Self::new(chain, key),
            CertificateInput::Set(all) => Self::new(chain_of(all, &key)?, key),
        };
        build().map_err(|e| e.with_origin(identity::pair(chain_path, key_path)))
    }
}

/// With a chain in any order.
impl MtlsIdentity {
    /// Reads what [`from_bytes`](Self::from_bytes) reads, puts the chain in order for its key as
    /// [`CertificateChain::repaired`] does, and says what was done.
    ///
    /// Nothing is done to what is in order, and to PKCS#12, which has no order.
    ///
    /// ```no_run
    /// use mtls::MtlsIdentity;
    ///
    /// let bytes = std::fs::read("client.pem")?;
    /// let (identity, repairs) = MtlsIdentity::from_bytes_repaired(&bytes, None)?;
    /// for repair in repairs {
    ///     eprintln!("client.pem: {repair}");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`from_bytes`](Self::from_bytes) and [`CertificateChain::repaired`].
    pub fn from_bytes_repaired(
        bytes: &[u8],
        passphrase: Option<&Passphrase>,
    ) -> Result<(Self, Vec<ChainRepair>), MaterialError> {
        match IdentityInput::read(bytes, passphrase)? {
            IdentityInput::Arranged(identity) => Ok((identity, Vec::new())),
            IdentityInput::Parts(chain, key) => repaired(&chain, key),
        }
    }

    /// Reads a file as [`from_bytes_repaired`](Self::from_bytes_repaired) reads bytes: the way for
    /// a bundle whose certificates are not in order.
    ///
    /// ```no_run
    /// use mtls::{MtlsIdentity, Passphrase};
    ///
    /// let passphrase = Passphrase::from_file("/run/secrets/passphrase");
    /// let (identity, repairs) = MtlsIdentity::from_file_repaired("client.pem", Some(&passphrase))?;
    /// for repair in repairs {
    ///     eprintln!("client.pem: {repair}");
    /// }
    /// # Ok::<(), mtls::MaterialError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`from_bytes_repaired`](Self::from_bytes_repaired), and those of reading; each
    /// names the file. Only regular files are read.
    pub fn from_file_repaired(
        path: impl AsRef<Path>,
        passphrase: Option<&Passphrase>,
    ) -> Result<(Self, Vec<ChainRepair>), MaterialError> {
        file::load(path.as_ref(), CertificateChain::MAX_INPUT_BYTES, |file| {
            let (identity, repairs) = Self::from_bytes_repaired(&file.bytes, passphrase)?;
            Ok((identity.exposed(file.exposure)?, repairs))
        })
    }

    /// Reads what [`from_files`](Self::from_files) reads, puts the chain in order for the key as
    /// [`CertificateChain::repaired`] does, and says what was done.
    ///
    /// ```no_run
    /// use mtls::MtlsIdentity;
    ///
    /// let (identity, repairs) =
    ///     MtlsIdentity::from_files_repaired("client.crt", "client.key", None)?;
    /// for repair in repairs {
    ///     eprintln!("client.crt: {repair}");
    /// }
    /// # Ok::<(), mtls::MaterialError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`from_files`](Self::from_files) and [`CertificateChain::repaired`]; each names the
    /// file or both.
    pub fn from_files_repaired(
        chain_path: impl AsRef<Path>,
        key_path: impl AsRef<Path>,
        passphrase: Option<&Passphrase>,
    ) -> Result<(Self, Vec<ChainRepair>), MaterialError> {
        let (chain_path, key_path) = (chain_path.as_ref(), key_path.as_ref());
        let given = CertificateInput::load(chain_path)?;
        let key = PrivateKey::from_file(key_path, passphrase)?;
        let build = || match given {
            CertificateInput::Listed(chain) => repaired(&chain, key),
            // What has no order was not in a wrong one.
            CertificateInput::Set(all) => Ok((Self::new(chain_of(all, &key)?, key)?, Vec::new())),
        };
        build().map_err(|e| e.with_origin(identity::pair(chain_path, key_path)))
    }
}

fn repaired(
    chain: &CertificateChain,
    key: PrivateKey,
) -> Result<(MtlsIdentity, Vec<ChainRepair>), MaterialError> {
    let (chain, repairs) = chain.repaired(&key)?;
    Ok((MtlsIdentity::new(chain, key)?, repairs))
}

/// An input with everything.
enum IdentityInput {
    /// From a container, which has no order.
    Arranged(MtlsIdentity),
    /// As they stand in a bundle.
    Parts(CertificateChain, PrivateKey),
}

impl IdentityInput {
    fn read(bytes: &[u8], passphrase: Option<&Passphrase>) -> Result<Self, MaterialError> {
        file::check_size(bytes, CertificateChain::MAX_INPUT_BYTES)?;
        match DetectedFormat::of(bytes) {
            DetectedFormat::Der(DerShape::Pkcs12) | DetectedFormat::Ber(DerShape::Pkcs12) => {
                pkcs12::identity(bytes, passphrase).map(Self::Arranged)
            }
            DetectedFormat::Text => {
                let sections = pem::sections(bytes, PrivateKey::MAX_SECTIONS).map_err(neither)?;
                if let [only] = sections.as_slice()
                    && only.label == label::PKCS12
                {
                    return pkcs12::identity(bytes, passphrase).map(Self::Arranged);
                }
                let key = key::only_key(&sections, ExpectedContent::Bundle)?;
                let certificates = certificates::from_sections(&sections, ExpectedContent::Bundle)?;
                Ok(Self::Parts(
                    CertificateChain::checked(certificates)?,
                    encryption::from_section(key, passphrase)?,
                ))
            }
            found => Err(refused(found, ExpectedContent::Bundle)),
        }
    }
}

/// The certificates of a file.
enum CertificateInput {
    /// In an order that means something.
    Listed(CertificateChain),
    /// In none: those of PKCS#7.
    Set(Vec<CertificateDer<'static>>),
}

impl CertificateInput {
    fn load(path: &Path) -> Result<Self, MaterialError> {
        const LIMIT: usize = CertificateChain::MAX_CERTIFICATES;
        file::load(
            path,
            CertificateChain::MAX_INPUT_BYTES,
            |file| match certificates_in(&file.bytes, LIMIT, ExpectedContent::Certificates)? {
                Certificates::Listed(chain) => CertificateChain::checked(chain).map(Self::Listed),
                Certificates::Pkcs7(der) => pkcs7::certificates(&der, LIMIT).map(Self::Set),
            },
        )
    }
}

fn chain_of(
    all: Vec<CertificateDer<'static>>,
    key: &PrivateKey,
) -> Result<CertificateChain, MaterialError> {
    CertificateChain::checked(pkcs7::chain_of(all, key.public_half())?)
}
