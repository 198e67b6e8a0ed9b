// Further methods of `TestCa`: `certification.rs` issues leaves and lists, which need the CA.

use std::sync::Arc;

use pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rcgen::{CertificateParams, KeyPair, SigningKey};

use super::certificate::Signer;
use super::key::{KeyAlgorithm, pkcs8};
use super::leaf::template::LeafTemplate;
use super::lists::issued_lists::IssuedLists;
use super::pem::certificate_pem;

/// A certificate authority in memory: a name, a key, one certificate, and revocation lists.
///
/// Clones are the same CA: they share the record of what is revoked.
///
/// ```
/// use mtls::test_util::TestCa;
///
/// let ca = TestCa::new("Example CA");
/// let branch = ca.intermediate("Example Branch");
/// let client = branch.leaf("payments").dns("payments.example").client().issue();
/// assert_eq!(client.chain().as_slice().len(), 2);
/// let lists = branch.revoke(&client);
/// assert_eq!(lists.iter().next().unwrap().issuer(), "CN=Example Branch");
/// ```
#[derive(Clone, Debug)]
pub struct TestCa {
    pub(super) params: CertificateParams,
    pub(super) key: Arc<KeyPair>,
    pub(super) algorithm: KeyAlgorithm,
    pub(super) certificate: CertificateDer<'static>,
    /// `None` if it is self-signed.
    pub(super) issuer: Option<Arc<Self>>,
    pub(in crate::test_util) lists: Arc<IssuedLists>,
    /// What the clients of assertions look like.
    pub(super) clients: Option<Arc<LeafTemplate>>,
}

impl TestCa {
    /// Returns the CA's certificate.
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }

    /// Returns the CA's certificate in PEM.
    pub fn pem(&self) -> String {
        certificate_pem(&self.certificate)
    }

    /// Returns the CA's key, in PKCS#8.
    pub fn key_der(&self) -> PrivatePkcs8KeyDer<'static> {
        pkcs8(&self.key)
    }

    /// Signs bytes with the CA's key, with the digest of its kind.
    ///
    /// # Panics
    ///
    /// If the key cannot sign.
    pub fn sign_message(&self, message: &[u8]) -> Vec<u8> {
        SigningKey::sign(&*self.key, message).expect("no signature")
    }

    pub(super) fn signer(&self) -> Signer<'_> {
        Signer {
            params: &self.params,
            key: &self.key,
            algorithm: self.algorithm,
        }
    }

    /// This CA, its issuer, and so on; the root is the last.
    pub(in crate::test_util) fn upward(&self) -> impl Iterator<Item = &Self> {
        core::iter::successors(Some(self), |ca| ca.issuer.as_deref())
    }

    /// Those that a peer below this CA presents.
    pub(in crate::test_util) fn intermediates(&self) -> impl Iterator<Item = &Self> {
        self.upward().filter(|ca| ca.issuer.is_some())
    }
}
