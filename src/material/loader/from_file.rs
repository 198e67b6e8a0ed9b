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
    /// # Errors
    /// Those of [`Loader::load_chain`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, MaterialError> {
        Loader::new().load_chain(path.as_ref())
    }
}

impl MtlsIdentity {
    /// Reads the chain and its key from one file.
    ///
    /// It is a PEM bundle or PKCS#12 without a passphrase. For files with a passphrase use [`Loader::passphrase`].
    ///
    /// # Errors
    /// Those of [`Loader::load_identity`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, MaterialError> {
        Loader::new().load_identity(path.as_ref())
    }

    /// Reads the chain from one file and its unencrypted key from another.
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
    /// # Errors
    /// Those of [`Loader::load_key`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, MaterialError> {
        Loader::new().load_key(path.as_ref())
    }
}

impl RevocationLists {
    /// Reads revocation lists from a file: PEM, or one list in DER.
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
    /// # Errors
    /// Those of [`Loader::load_anchors`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, MaterialError> {
        Loader::new().load_anchors(path.as_ref())
    }
}
