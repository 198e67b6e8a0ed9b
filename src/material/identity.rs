use core::fmt;
use std::path::Path;
use std::sync::Arc;

use pki_types::CertificateDer;

use super::certificates;
use super::chain::CertificateChain;
use super::exposure::KeyExposure;
use super::file;
use super::key::{self, PrivateKey};
use super::label::Wanted;
use super::links;
use super::pem;
use crate::error::{MaterialError, MaterialOrigin};

/// Who we are: a certificate chain and the private key of its leaf.
///
/// One that exists fits together: the key belongs to the leaf, the leaf is no CA, and each
/// certificate names the next one as its issuer (RFC 5280, section 6.1.3 (a)(4) and section
/// 4.2.1.1). The signatures of the chain are checked later, when a client or a server is built, since
/// the backend has the algorithms. Clones share the bytes.
///
/// ```no_run
/// use mtls::MtlsIdentity;
///
/// let identity = MtlsIdentity::from_pem_files("client.crt", "client.key")?;
/// for warning in identity.warnings() {
///     eprintln!("{warning}");
/// }
/// # Ok::<(), mtls::MaterialError>(())
/// ```
#[derive(Clone)]
pub struct MtlsIdentity(Arc<Inner>);

struct Inner {
    chain: CertificateChain,
    private_key: PrivateKey,
    warnings: Vec<IdentityWarning>,
}

impl MtlsIdentity {
    /// Puts a chain and a key together.
    ///
    /// # Errors
    ///
    /// [`MaterialError`] when the key is not the leaf's, when the leaf is a CA, when a certificate is
    /// not followed by its issuer, and when one stands in the chain twice.
    pub fn new(chain: CertificateChain, private_key: PrivateKey) -> Result<Self, MaterialError> {
        let warnings = links::check(&chain, &private_key)?;
        Ok(Self(Arc::new(Inner {
            chain,
            private_key,
            warnings,
        })))
    }

    /// Reads the chain from one PEM text and the key from another.
    ///
    /// # Errors
    ///
    /// Those of [`CertificateChain::from_pem`], [`PrivateKey::from_pem`] and [`new`](Self::new).
    pub fn from_pem(chain_pem: &[u8], key_pem: &[u8]) -> Result<Self, MaterialError> {
        Self::new(
            CertificateChain::from_pem(chain_pem)?,
            PrivateKey::from_pem(key_pem)?,
        )
    }

    /// Reads the chain from one PEM file and the key from another.
    ///
    /// # Errors
    ///
    /// Those of [`CertificateChain::from_pem_file`], [`PrivateKey::from_pem_file`] and
    /// [`new`](Self::new); each names the file or both.
    pub fn from_pem_files(
        chain_path: impl AsRef<Path>,
        key_path: impl AsRef<Path>,
    ) -> Result<Self, MaterialError> {
        let (chain_path, key_path) = (chain_path.as_ref(), key_path.as_ref());
        let chain = CertificateChain::from_pem_file(chain_path)?;
        let key = PrivateKey::from_pem_file(key_path)?;
        Self::new(chain, key).map_err(|e| e.with_origin(pair(chain_path, key_path)))
    }

    /// Reads one PEM text that holds the chain and the key.
    ///
    /// The key may stand anywhere. The leaf has to be the first of the certificates.
    ///
    /// # Errors
    ///
    /// Those of [`CertificateChain::from_pem`], [`PrivateKey::from_pem`] and [`new`](Self::new).
    pub fn from_pem_bundle(pem: &[u8]) -> Result<Self, MaterialError> {
        file::check_size(pem, CertificateChain::MAX_INPUT_BYTES)?;
        let sections = pem::sections(pem, PrivateKey::MAX_SECTIONS)?;
        let key = key::only_key(&sections, Wanted::Bundle)?;
        let certificates = certificates::from_sections(&sections, Wanted::Bundle)?;
        Self::new(
            CertificateChain::checked(certificates)?,
            PrivateKey::from_section(key)?,
        )
    }

    /// Takes the chain and the key in DER; the key may be PKCS#8, PKCS#1 or SEC1.
    ///
    /// # Errors
    ///
    /// Those of [`CertificateChain::from_der`], [`PrivateKey::from_der`] and [`new`](Self::new).
    pub fn from_der(
        chain: impl IntoIterator<Item = CertificateDer<'static>>,
        key: &[u8],
    ) -> Result<Self, MaterialError> {
        Self::new(
            CertificateChain::from_der(chain)?,
            PrivateKey::from_der(key)?,
        )
    }

    /// The same, of a file that is open to others or is not.
    pub(super) fn exposed(self, exposure: Option<KeyExposure>) -> Result<Self, MaterialError> {
        if exposure.is_none() {
            return Ok(self);
        }
        let key = self.private_key().clone_key().exposed(exposure);
        Self::new(self.chain().clone(), key)
    }

    /// The certificates that are presented, the leaf first.
    pub fn chain(&self) -> &CertificateChain {
        &self.0.chain
    }

    /// The key that proves possession of the leaf.
    pub fn private_key(&self) -> &PrivateKey {
        &self.0.private_key
    }

    /// What works but should be mended; empty as a rule.
    pub fn warnings(&self) -> &[IdentityWarning] {
        &self.0.warnings
    }
}

impl fmt::Debug for MtlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MtlsIdentity")
            .field("chain", &self.0.chain)
            .field("private_key", &self.0.private_key)
            .field("warnings", &self.0.warnings)
            .finish()
    }
}

/// Something about an identity that works but should be mended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityWarning {
    /// The private key's file is open to every user of the machine.
    KeyExposed(KeyExposure),
    /// The leaf is an X.509 version 1 certificate.
    X509V1Leaf {
        /// Its subject (RFC 4514).
        subject: String,
    },
}

impl fmt::Display for IdentityWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyExposed(exposure) => exposure.fmt(f),
            Self::X509V1Leaf { subject } => write!(
                f,
                "the leaf {subject} is an X.509 version 1 certificate, which many peers refuse; have it issued as \
                 version 3, with a subject alternative name (`openssl x509 -req -extfile FILE ..`)"
            ),
        }
    }
}

pub(super) fn pair(chain: &Path, key: &Path) -> MaterialOrigin {
    MaterialOrigin::Pair {
        chain: chain.to_owned(),
        key: key.to_owned(),
    }
}
