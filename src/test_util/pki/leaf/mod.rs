// Further methods of `TestLeaf`: `fault/issuing.rs` issues it, since faults need more than a leaf.

pub(super) mod template;

use core::net::IpAddr;
use std::sync::Arc;

use pki_types::CertificateDer;
use rcgen::{BasicConstraints, DistinguishedName, DnType, IsCa, SanType, SerialNumber};

use template::LeafTemplate;

use crate::test_util::fault::Fault;
use crate::test_util::pki::ca::TestCa;
use crate::test_util::pki::certificate::{Changes, Signer, params, set_attribute, set_validity};
use crate::test_util::pki::credential::TestCredential;
use crate::test_util::pki::extension::{ExtendedKeyUsage, Extension, KeyUsage};
use crate::test_util::pki::key::{KeyAlgorithm, pkcs8};
use crate::test_util::pki::validity::Validity;

/// A builder for the certificate of a client or a server.
///
/// Without further calls it has a common name, a P-256 key, the key usage `digitalSignature`, an
/// authority key identifier and the [marker](crate::test_util) of the kit: it serves as a client
/// and as a server. [`dns`](Self::dns) and its siblings add names.
///
/// ```
/// use mtls::test_util::TestCa;
///
/// let ca = TestCa::new("Example CA");
/// let identity = ca.leaf("payments").dns("payments.example").client().issue();
/// assert!(identity.describe().certificates[0].is_test);
/// ```
#[derive(Clone, Debug)]
pub struct TestLeaf {
    pub(super) template: LeafTemplate,
    pub(in crate::test_util) issuer: Option<TestCa>,
    pub(in crate::test_util) fault: Option<Fault>,
}

impl TestLeaf {
    /// Creates a builder without an issuer. `common_name` is the subject, and no DNS name.
    ///
    /// [`TestCa::leaf`] has an issuer.
    pub fn named(common_name: &str) -> Self {
        let mut params = params(common_name);
        params.key_usages = vec![KeyUsage::DigitalSignature.encodable()];
        Self {
            template: LeafTemplate {
                params,
                key: KeyAlgorithm::P256.key(),
                algorithm: KeyAlgorithm::P256,
                foreign_key: None,
                changes: Changes::default(),
            },
            issuer: None,
            fault: None,
        }
    }

    /// Adds the extended key usage clientAuth.
    #[must_use]
    pub fn client(self) -> Self {
        self.extended_key_usage(ExtendedKeyUsage::ClientAuth)
    }

    /// Adds the extended key usage serverAuth.
    #[must_use]
    pub fn server(self) -> Self {
        self.extended_key_usage(ExtendedKeyUsage::ServerAuth)
    }

    /// Adds an extended key usage.
    #[must_use]
    pub fn extended_key_usage(mut self, usage: ExtendedKeyUsage) -> Self {
        self.template
            .params
            .extended_key_usages
            .push(usage.encodable());
        self
    }

    /// Removes the extended key usages that were added so far.
    #[must_use]
    pub fn without_extended_key_usages(mut self) -> Self {
        self.template.params.extended_key_usages.clear();
        self
    }

    /// Sets the key usages. Without any, the extension is left out.
    #[must_use]
    pub fn key_usages(mut self, usages: &[KeyUsage]) -> Self {
        self.template.params.key_usages = usages.iter().map(|u| u.encodable()).collect();
        self
    }

    /// Adds a DNS name.
    ///
    /// # Panics
    ///
    /// If it is not ASCII.
    #[must_use]
    pub fn dns(self, name: &str) -> Self {
        self.name(SanType::DnsName(name.try_into().expect("not ASCII")))
    }

    /// Adds an IP address.
    ///
    /// # Panics
    ///
    /// If the text is none.
    #[must_use]
    pub fn ip(self, address: &str) -> Self {
        let address: IpAddr = address.parse().expect("no IP address");
        self.name(SanType::IpAddress(address))
    }

    /// Adds a URI, such as a SPIFFE ID.
    ///
    /// # Panics
    ///
    /// If it is not ASCII.
    #[must_use]
    pub fn uri(self, uri: &str) -> Self {
        self.name(SanType::URI(uri.try_into().expect("not ASCII")))
    }

    /// Adds an e-mail address.
    ///
    /// # Panics
    ///
    /// If it is not ASCII.
    #[must_use]
    pub fn email(self, address: &str) -> Self {
        self.name(SanType::Rfc822Name(address.try_into().expect("not ASCII")))
    }

    /// Adds an `otherName` of this type, with a text in UTF-8.
    #[must_use]
    pub fn other_name(self, oid: &[u64], text: &str) -> Self {
        self.name(SanType::OtherName((oid.to_vec(), text.into())))
    }

    fn name(mut self, name: SanType) -> Self {
        self.template.params.subject_alt_names.push(name);
        self
    }

    /// Removes the subject alternative names that were added so far.
    #[must_use]
    pub fn without_names(mut self) -> Self {
        self.template.params.subject_alt_names.clear();
        self
    }

    /// Sets the organisation of the subject.
    #[must_use]
    pub fn organization(self, organization: &str) -> Self {
        self.attribute(&[2, 5, 4, 10], organization)
    }

    /// Sets the organisational unit of the subject.
    #[must_use]
    pub fn organizational_unit(self, unit: &str) -> Self {
        self.attribute(&[2, 5, 4, 11], unit)
    }

    /// Sets an attribute of the subject by its identifier, such as 2.5.4.3 for the common name.
    #[must_use]
    pub fn attribute(mut self, oid: &[u64], value: &str) -> Self {
        set_attribute(&mut self.template.params, oid, value);
        self
    }

    /// Adds an attribute to the subject, beside one of the same kind.
    #[must_use]
    pub fn subject_attribute(mut self, oid: &[u64], value: &str) -> Self {
        let name = &mut self.template.params.distinguished_name;
        name.push(DnType::CustomDnType(oid.to_vec()), value);
        self
    }

    /// Leaves the subject empty. The names become critical (RFC 5280, section 4.2.1.6).
    #[must_use]
    pub fn without_subject(mut self) -> Self {
        self.template.params.distinguished_name = DistinguishedName::new();
        self
    }

    /// Sets when it is valid. The default is [`Validity::current`].
    #[must_use]
    pub fn validity(mut self, validity: Validity) -> Self {
        set_validity(&mut self.template.params, validity);
        self
    }

    /// Makes a new key of this kind.
    #[must_use]
    pub fn algorithm(mut self, algorithm: KeyAlgorithm) -> Self {
        self.template.key = algorithm.key();
        self.template.algorithm = algorithm;
        self
    }

    /// Takes a key that was made elsewhere: its `SubjectPublicKeyInfo` and its PKCS#8, in DER.
    ///
    /// Nothing is checked, so the two need not belong together.
    #[must_use]
    pub fn foreign_key(mut self, spki: impl Into<Vec<u8>>, pkcs8: impl Into<Vec<u8>>) -> Self {
        self.template.foreign_key = Some((spki.into(), Arc::new(pkcs8.into().into())));
        self
    }

    /// Marks the leaf as a CA.
    #[must_use]
    pub fn marked_as_ca(mut self) -> Self {
        self.template.params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        self
    }

    /// Adds an extension, even one that is there.
    #[must_use]
    pub fn extension(mut self, extension: Extension) -> Self {
        self.template
            .params
            .custom_extensions
            .push(extension.encodable());
        self
    }

    /// Sets the content of the serial number. By default each certificate has its own.
    #[must_use]
    pub fn serial_number(mut self, bytes: &[u8]) -> Self {
        self.template.params.serial_number = Some(SerialNumber::from_slice(bytes));
        self
    }

    /// Leaves the authority key identifier out.
    #[must_use]
    pub fn without_key_identifier(mut self) -> Self {
        self.template.params.use_authority_key_identifier_extension = false;
        self
    }

    /// Makes [`issue`](Self::issue) and [`credential`](Self::credential) return a chain with this
    /// fault. The last one counts.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// Changes the encoded fields of the `TBSCertificate`, before it is signed.
    ///
    /// From 0: version, serial number, signature, issuer, validity, subject, public key,
    /// extensions (RFC 5280, section 4.1). It makes what no library writes: an old version, odd
    /// dates.
    #[must_use]
    pub fn rewrite(mut self, change: impl Fn(&mut Vec<Vec<u8>>) + Send + Sync + 'static) -> Self {
        self.template.changes.rewrite = Some(Arc::new(change));
        self
    }

    /// Signs by a function in place of the issuer's key, and names this `AlgorithmIdentifier`
    /// (DER). The function gets the bytes to sign.
    #[must_use]
    pub fn signature(
        mut self,
        algorithm: &[u8],
        sign: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        self.template.changes.signature = Some((algorithm.to_vec(), Arc::new(sign)));
        self
    }

    /// Issues the certificate by this CA. The chain holds the leaf alone; see
    /// [`TestCredential::with`].
    pub fn issued_by(self, issuer: &TestCa) -> TestCredential {
        let signer = issuer.signer();
        self.signed_by(&signer)
    }

    /// Signs the certificate with its own key, in its own name.
    pub fn self_signed(self) -> TestCredential {
        let (params, key) = (self.template.params.clone(), self.template.key.clone());
        let algorithm = self.template.algorithm;
        self.signed_by(&Signer {
            params: &params,
            key: &key,
            algorithm,
        })
    }

    fn signed_by(self, signer: &Signer<'_>) -> TestCredential {
        let mut changes = self.template.changes.clone();
        let mut pkcs8 = pkcs8(&self.template.key);
        if let Some((spki, key)) = self.template.foreign_key {
            let rewrite = changes.rewrite.take();
            pkcs8 = key.clone_key();
            changes.rewrite = Some(Arc::new(move |fields| {
                fields[6].clone_from(&spki);
                if let Some(rewrite) = &rewrite {
                    rewrite(fields);
                }
            }));
        }
        let leaf: CertificateDer<'static> =
            signer.issue(&self.template.params, &self.template.key, &changes);
        TestCredential {
            chain: vec![leaf],
            key: pkcs8,
        }
    }
}
