use std::sync::Arc;

use pki_types::{CertificateDer, CertificateRevocationListDer};

use super::ca::TestCa;
use super::ca_builder::TestCaBuilder;
use super::certificate::serial;
use super::credential::TestCredential;
use super::key::KeyAlgorithm;
use super::leaf::TestLeaf;
use super::leaf::template::LeafTemplate;
use super::lists::branches;
use super::lists::crl::TestCrl;
use crate::material::anchors::TrustAnchors;
use crate::material::identity::MtlsIdentity;
use crate::material::revocation::RevocationLists;

impl TestCa {
    /// Creates a self-signed CA with this common name, of the organisation "mtls test kit".
    pub fn new(common_name: &str) -> Self {
        TestCaBuilder::new(common_name).self_signed()
    }

    /// Creates a self-signed CA whose subject is the common name alone, for tests of names.
    pub fn named(common_name: &str) -> Self {
        TestCaBuilder::named(common_name).self_signed()
    }

    /// Creates a CA that this one issues. It is called `CN=<common_name>` and nothing else.
    pub fn intermediate(&self, common_name: &str) -> Self {
        TestCaBuilder::named(common_name).issued_by(self)
    }

    /// Creates another self-signed CA of the same name, with another key (P-256).
    pub fn namesake(&self) -> Self {
        self.again().algorithm(KeyAlgorithm::P256).self_signed()
    }

    /// Creates a further certificate of this CA's name and key, issued by `issuer`.
    pub fn cross_signed_by(&self, issuer: &Self) -> Self {
        self.again().issued_by(issuer)
    }

    /// Returns a builder for another certificate of the same name and key.
    pub fn again(&self) -> TestCaBuilder {
        TestCaBuilder::of(self)
    }

    /// Returns a builder for a client or a server that this CA certifies.
    pub fn leaf(&self, common_name: &str) -> TestLeaf {
        let mut leaf = TestLeaf::named(common_name);
        leaf.issuer = Some(self.clone());
        leaf
    }

    /// Sets what the client certificates of the assertions look like.
    ///
    /// Without it they are `CN=mtls test client`, for clients, without any further name. A service
    /// whose policy names its clients rejects that, so the template has a name that it accepts.
    /// Each client gets the template's names, key, usages and dates, a serial number of its own,
    /// and this CA as its issuer. A [`Fault`](crate::test_util::Fault) changes what it is about,
    /// and nothing else. Clones of the CA that exist already, and CAs below it, are not changed.
    ///
    /// ```
    /// use mtls::test_util::{TestCa, TestLeaf};
    ///
    /// // For a service with the policy `spiffe_id("spiffe://prod.example/payments")`.
    /// let client = TestLeaf::named("payments").uri("spiffe://prod.example/payments").client();
    /// let ca = TestCa::new("Example CA").clients(client);
    /// ```
    ///
    /// # Panics
    ///
    /// If the template has a fault: the assertions need a sound client.
    #[must_use]
    pub fn clients(mut self, template: TestLeaf) -> Self {
        assert!(
            template.fault.is_none(),
            "the clients of a CA have a fault: {:?}",
            template.fault
        );
        self.clients = Some(Arc::new(template.template));
        self
    }

    /// Returns a client of the assertions: by the template, or the usual one.
    #[allow(dead_code, reason = "assertions alone need it")]
    pub(in crate::test_util) fn client(&self) -> TestLeaf {
        match &self.clients {
            Some(template) => {
                let mut template = LeafTemplate::clone(template);
                // To revoke one client is not to revoke the others.
                template.params.serial_number = Some(serial());
                TestLeaf {
                    template,
                    issuer: Some(self.clone()),
                    fault: None,
                }
            }
            None => self.leaf("mtls test client").client(),
        }
    }

    /// Returns the CA's certificate as the only trust anchor.
    ///
    /// # Panics
    ///
    /// If it cannot be an anchor.
    pub fn anchors(&self) -> TrustAnchors {
        match TrustAnchors::from_der([self.certificate()]) {
            Ok(anchors) => anchors,
            Err(error) => panic!("this CA is no trust anchor: {error}"),
        }
    }

    /// Returns the CA's own certificate and key: what a peer that is a CA presents.
    pub fn credential(&self) -> TestCredential {
        TestCredential {
            chain: vec![self.certificate()],
            key: self.key_der(),
        }
    }

    /// Revokes the leaf of `identity`, and returns the lists of [`revocation_lists`].
    ///
    /// [`revocation_lists`]: Self::revocation_lists
    pub fn revoke(&self, identity: &MtlsIdentity) -> RevocationLists {
        self.revoke_certificate(identity.chain().leaf());
        self.revocation_lists()
    }

    /// Revokes a certificate: the lists that are made from now on have its serial number.
    pub fn revoke_certificate(&self, certificate: &CertificateDer<'_>) {
        self.lists.revoke(certificate);
    }

    /// Makes the current lists of this CA, of the CAs above it, and of intermediates with faults.
    ///
    /// The first is this CA's. Its number is larger than that of the last one, and it lasts for a
    /// week. The lists of a CA always have the leaves with
    /// [`Revoked`](crate::test_util::Fault::Revoked).
    ///
    /// Some faults have an intermediate of their own, called "Test Branch" or "Test Twig". Their
    /// lists come last, so that a service that requires a list of every CA rejects these chains for
    /// their faults. A service on this crate reports the lists as unclaimed. Lists of other CAs
    /// below this one are not here: [`RevocationLists::join`] adds them.
    ///
    /// # Panics
    ///
    /// If the CA's certificate cannot be read.
    pub fn revocation_lists(&self) -> RevocationLists {
        match RevocationLists::from_der(self.revocation_lists_der()) {
            Ok(lists) => lists,
            Err(error) => panic!("these lists cannot be loaded: {error}"),
        }
    }

    /// Returns how many times this CA has made a list, for itself or for CAs below it.
    pub fn lists_made(&self) -> u32 {
        self.lists.count()
    }

    /// Makes the lists of [`revocation_lists`](Self::revocation_lists), as DER, in the same order.
    pub fn revocation_lists_der(&self) -> Vec<CertificateRevocationListDer<'static>> {
        let lists = self.upward().map(|ca| list_of(ca).signed_by(ca));
        let mut lists: Vec<_> = lists.collect();
        lists.extend(branches::lists_of(self));
        lists
    }
}

fn list_of(ca: &TestCa) -> TestCrl {
    let (number, serials) = ca.lists.next();
    let list = TestCrl::new().number(&number);
    serials
        .iter()
        .fold(list, |list, serial| list.lists_serial(serial))
}
