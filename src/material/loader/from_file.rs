//! The `from_file` constructors: a [`Loader`] without options.
//!
//! They are here because the types themselves do not depend on the loader.

use std::path::Path;

use super::Loader;
use crate::error::MaterialError;
use crate::material::anchors::TrustAnchors;
use crate::material::chain::CertificateChain;
use crate::material::identity::MtlsIdentity;
use crate::material::key::PrivateKey;
use crate::material::revocation::RevocationLists;

impl CertificateChain {
    /// Reads a chain from a file: PEM, one certificate in DER, or PKCS#7.
    ///
    /// ```no_run
    /// let chain = mtls::CertificateChain::from_file("client.crt")?;
    /// println!("{} certificates", chain.as_slice().len());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Loader::load_chain`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, MaterialError> {
        Loader::new().load_chain(path.as_ref())
    }
}

impl MtlsIdentity {
    /// Reads the chain and its key from one file.
    ///
    /// It is a PEM bundle or PKCS#12 without a passphrase. For files with a passphrase use
    /// [`Loader::passphrase`].
    ///
    /// ```no_run
    /// let identity = mtls::MtlsIdentity::from_file("client.pem")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Loader::load_identity`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, MaterialError> {
        Loader::new().load_identity(path.as_ref())
    }

    /// Reads the chain from one file and its unencrypted key from another.
    ///
    /// ```no_run
    /// let identity = mtls::MtlsIdentity::from_files("client.crt", "client.key")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Loader::load_key_pair`].
    pub fn from_files(
        chain: impl AsRef<Path>,
        key: impl AsRef<Path>,
    ) -> Result<Self, MaterialError> {
        Loader::new().load_key_pair(chain.as_ref(), key.as_ref())
    }
}

impl PrivateKey {
    /// Reads the one private key of a file: PEM or DER, not encrypted.
    ///
    /// ```no_run
    /// let key = mtls::PrivateKey::from_file("client.key")?;
    /// println!("{}", key.key_type());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Loader::load_key`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, MaterialError> {
        Loader::new().load_key(path.as_ref())
    }
}

impl RevocationLists {
    /// Reads revocation lists from a file: PEM, or one list in DER.
    ///
    /// ```no_run
    /// use mtls::RevocationLists;
    ///
    /// let root = RevocationLists::from_file("root.crl.pem")?;
    /// let lists = RevocationLists::join([root, RevocationLists::from_file("issuing.crl")?])?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Loader::load_revocation_lists`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, MaterialError> {
        Loader::new().load_revocation_lists(path.as_ref())
    }
}

impl TrustAnchors {
    /// Reads trust anchors from a file: PEM, DER, PKCS#7 or PKCS#12.
    ///
    /// DER holds one certificate. PKCS#12 is a trust store without a passphrase.
    ///
    /// ```no_run
    /// let anchors = mtls::TrustAnchors::from_file("ca.crt")?;
    /// println!("{} anchors", anchors.as_slice().len());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Loader::load_anchors`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, MaterialError> {
        Loader::new().load_anchors(path.as_ref())
    }
}
