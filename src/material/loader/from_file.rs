//! `from_file` of each type: a [`Loader`] without options. It stands above the types, which know
//! nothing of loading.

use std::path::Path;

use super::Loader;
use crate::error::MaterialError;
use crate::material::anchors::TrustAnchors;
use crate::material::chain::CertificateChain;
use crate::material::identity::MtlsIdentity;
use crate::material::key::PrivateKey;
use crate::material::revocation::RevocationLists;

impl CertificateChain {
    /// Reads the chain in a file: PEM, one certificate in DER, or PKCS#7.
    ///
    /// # Errors
    /// Those of [`Loader::load_chain`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, MaterialError> {
        Loader::new().load_chain(path.as_ref())
    }
}

impl MtlsIdentity {
    /// Reads the chain and its key from one file: a PEM bundle, or a PKCS#12 without a passphrase.
    ///
    /// With a passphrase: [`Loader::passphrase`].
    ///
    /// # Errors
    /// Those of [`Loader::load_identity`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, MaterialError> {
        Loader::new().load_identity(path.as_ref())
    }

    /// Reads the chain from one file and its key, which is not encrypted, from another.
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
    /// Reads the one private key in a file: PEM or DER, not encrypted.
    ///
    /// # Errors
    /// Those of [`Loader::load_key`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, MaterialError> {
        Loader::new().load_key(path.as_ref())
    }
}

impl RevocationLists {
    /// Reads the lists in a file: PEM, or one in DER.
    ///
    /// # Errors
    /// Those of [`Loader::load_revocation_lists`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, MaterialError> {
        Loader::new().load_revocation_lists(path.as_ref())
    }
}

impl TrustAnchors {
    /// Reads the certificates in a file: PEM, one in DER, PKCS#7, or a PKCS#12 trust store without a
    /// passphrase.
    ///
    /// # Errors
    /// Those of [`Loader::load_anchors`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, MaterialError> {
        Loader::new().load_anchors(path.as_ref())
    }
}
