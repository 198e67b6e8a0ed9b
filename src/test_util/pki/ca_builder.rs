use std::sync::Arc;

use pki_types::CertificateDer;
use rcgen::{BasicConstraints, CertificateParams, GeneralSubtree, IsCa, KeyPair, NameConstraints};

use super::ca::TestCa;
use super::certificate::{
    Changes, MARKER_TEXT, Signer, params, serial, set_attribute, set_validity,
};
use super::extension::{ExtendedKeyUsage, Extension, KeyUsage};
use super::key::KeyAlgorithm;
use super::lists::issued_lists::IssuedLists;
use super::validity::Validity;

/// A builder for a CA that is not quite the usual.
///
/// ```
/// use mtls::test_util::{TestCa, TestCaBuilder};
///
/// let root = TestCa::new("Example CA");
/// let limited = TestCaBuilder::named("Limited")
///     .path_length(0)
///     .permits_dns("prod.example")
///     .issued_by(&root);
/// ```
#[derive(Clone, Debug)]
pub struct TestCaBuilder {
    params: CertificateParams,
    key: Arc<KeyPair>,
    algorithm: KeyAlgorithm,
    /// Those of the CA of this name and key.
    lists: Arc<IssuedLists>,
}

const ORGANIZATION: &[u64] = &[2, 5, 4, 10];

impl TestCaBuilder {
    /// Creates a builder for a CA with this common name, of the organisation "mtls test kit".
    ///
    /// It may sign certificates and lists, and has no further limits.
    pub fn new(common_name: &str) -> Self {
        Self::named(common_name).attribute(ORGANIZATION, MARKER_TEXT)
    }

    /// Creates a builder for a CA whose subject is the common name alone.
    pub fn named(common_name: &str) -> Self {
        let mut params = params(common_name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let usages = [KeyUsage::KeyCertSign, KeyUsage::CrlSign];
        params.key_usages = usages.map(KeyUsage::encodable).to_vec();
        Self {
            params,
            key: KeyAlgorithm::P256.key(),
            algorithm: KeyAlgorithm::P256,
            lists: Arc::default(),
        }
    }

    pub(super) fn of(ca: &TestCa) -> Self {
        Self {
            params: ca.params.clone(),
            key: ca.key.clone(),
            algorithm: ca.algorithm,
            lists: ca.lists.clone(),
        }
    }

    /// Takes a P-256 key, which other CAs may have too.
    pub(super) fn key(mut self, key: Arc<KeyPair>) -> Self {
        self.key = key;
        self
    }

    /// Makes a new key of this kind. So it is another CA, even of the same name.
    #[must_use]
    pub fn algorithm(mut self, algorithm: KeyAlgorithm) -> Self {
        self.key = algorithm.key();
        self.algorithm = algorithm;
        self.lists = Arc::default();
        self
    }

    /// Sets when the certificate is valid. The default is [`Validity::current`].
    #[must_use]
    pub fn validity(mut self, validity: Validity) -> Self {
        set_validity(&mut self.params, validity);
        self
    }

    /// Limits the number of intermediates below (RFC 5280, section 4.2.1.9).
    #[must_use]
    pub fn path_length(mut self, at_most: u8) -> Self {
        self.params.is_ca = IsCa::Ca(BasicConstraints::Constrained(at_most));
        self
    }

    /// Permits the DNS names that end with this one (RFC 5280, section 4.2.1.10).
    #[must_use]
    pub fn permits_dns(mut self, name: &str) -> Self {
        let subtree = GeneralSubtree::DnsName(name.to_owned());
        self.name_constraints().permitted_subtrees.push(subtree);
        self
    }

    /// Excludes the DNS names that end with this one.
    #[must_use]
    pub fn excludes_dns(mut self, name: &str) -> Self {
        let subtree = GeneralSubtree::DnsName(name.to_owned());
        self.name_constraints().excluded_subtrees.push(subtree);
        self
    }

    fn name_constraints(&mut self) -> &mut NameConstraints {
        let constraints = &mut self.params.name_constraints;
        constraints.get_or_insert_with(|| NameConstraints {
            permitted_subtrees: Vec::new(),
            excluded_subtrees: Vec::new(),
        })
    }

    /// Sets the extended key usages. Without any, the extension is left out.
    #[must_use]
    pub fn extended_key_usages(mut self, usages: &[ExtendedKeyUsage]) -> Self {
        let usages = usages.iter().map(ExtendedKeyUsage::encodable);
        self.params.extended_key_usages = usages.collect();
        self
    }

    /// Sets the key usages. Without any, the extension is left out.
    #[must_use]
    pub fn key_usages(mut self, usages: &[KeyUsage]) -> Self {
        self.params.key_usages = usages.iter().map(|u| u.encodable()).collect();
        self
    }

    /// Takes the CA flag away. `explicit` writes it down as false.
    #[must_use]
    pub fn not_a_ca(mut self, explicit: bool) -> Self {
        self.params.is_ca = if explicit {
            IsCa::ExplicitNoCa
        } else {
            IsCa::NoCa
        };
        self
    }

    /// Sets an attribute of the subject by its identifier, such as 2.5.4.10 for the organisation.
    #[must_use]
    pub fn attribute(mut self, oid: &[u64], value: &str) -> Self {
        set_attribute(&mut self.params, oid, value);
        self
    }

    /// Adds an extension, even one that is there.
    #[must_use]
    pub fn extension(mut self, extension: Extension) -> Self {
        self.params.custom_extensions.push(extension.encodable());
        self
    }

    /// Leaves the authority key identifier out.
    #[must_use]
    pub fn without_key_identifier(mut self) -> Self {
        self.params.use_authority_key_identifier_extension = false;
        self
    }

    /// Signs the certificate with its own key.
    pub fn self_signed(mut self) -> TestCa {
        self.params.serial_number = Some(serial());
        let signer = Signer {
            params: &self.params,
            key: &self.key,
            algorithm: self.algorithm,
        };
        let certificate = signer.issue(&self.params, &self.key, &Changes::default());
        self.ca(certificate, None)
    }

    /// Has the certificate issued by another CA.
    pub fn issued_by(mut self, issuer: &TestCa) -> TestCa {
        self.params.serial_number = Some(serial());
        let certificate = issuer
            .signer()
            .issue(&self.params, &self.key, &Changes::default());
        self.ca(certificate, Some(Arc::new(issuer.clone())))
    }

    fn ca(self, certificate: CertificateDer<'static>, issuer: Option<Arc<TestCa>>) -> TestCa {
        TestCa {
            params: self.params,
            key: self.key,
            algorithm: self.algorithm,
            certificate,
            issuer,
            lists: self.lists,
            clients: None,
        }
    }
}
