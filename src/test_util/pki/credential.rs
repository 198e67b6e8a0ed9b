use pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::ca::TestCa;
use super::pem::{certificate_pem, pem};
use crate::material::identity::MtlsIdentity;

/// A chain, the leaf first, and the leaf's key, without any check.
///
/// The fields may be changed at will: a peer that is wrong on purpose presents the result.
///
/// ```
/// use mtls::test_util::TestCa;
///
/// let mut odd = TestCa::new("Example CA").leaf("odd").credential();
/// odd.chain[0] = b"no certificate".to_vec().into();
/// assert!(odd.chain_pem().starts_with("-----BEGIN CERTIFICATE-----\n"));
/// ```
#[derive(Debug)]
pub struct TestCredential {
    /// The certificates, the leaf first. It may be empty.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key, in PKCS#8.
    pub key: PrivatePkcs8KeyDer<'static>,
}

impl TestCredential {
    /// Returns the first certificate.
    ///
    /// # Panics
    ///
    /// If the chain is empty.
    pub fn leaf(&self) -> &CertificateDer<'static> {
        self.chain.first().expect("the chain is empty")
    }

    /// Appends the certificate of a CA to the chain.
    #[must_use]
    pub fn with(mut self, ca: &TestCa) -> Self {
        self.chain.push(ca.certificate());
        self
    }

    /// Replaces all certificates behind the leaf.
    #[must_use]
    pub fn above(mut self, cas: &[&TestCa]) -> Self {
        self.chain.truncate(1);
        self.chain.extend(cas.iter().map(|ca| ca.certificate()));
        self
    }

    /// Removes all certificates: a client that has it presents none.
    #[must_use]
    pub fn without_chain(mut self) -> Self {
        self.chain.clear();
        self
    }

    /// Returns chain and key as an identity.
    ///
    /// # Panics
    ///
    /// If an [`MtlsIdentity`] cannot hold them.
    pub fn identity(&self) -> MtlsIdentity {
        let key = self.key.secret_pkcs8_der();
        match MtlsIdentity::from_der(self.chain.clone(), key) {
            Ok(identity) => identity,
            Err(error) => panic!("no identity can hold this chain: {error}"),
        }
    }

    /// Returns the chain in PEM.
    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(|c| certificate_pem(c)).collect()
    }

    /// Returns a copy of the key.
    pub fn key_der(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(self.key.clone_key())
    }

    /// Returns the key in PEM. It is not encrypted.
    pub fn key_pem(&self) -> String {
        pem("PRIVATE KEY", self.key.secret_pkcs8_der())
    }
}

impl Clone for TestCredential {
    fn clone(&self) -> Self {
        Self {
            chain: self.chain.clone(),
            key: self.key.clone_key(),
        }
    }
}
