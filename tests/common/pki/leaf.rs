//! End-entity certificates.

use std::net::IpAddr;
use std::sync::Arc;

use pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
};

use super::{Authority, KeyAlgorithm, Validity, certificate_pem, params, pem, pkcs8, set_validity};

/// Makes an end-entity certificate: digital signature, an authority key identifier, and nothing else but what is asked for.
#[derive(Clone, Debug)]
pub struct Leaf {
    params: CertificateParams,
    key: Arc<KeyPair>,
}

impl Leaf {
    /// `name` is the common name only.
    pub fn named(name: &str) -> Self {
        let mut params = params(name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        Self {
            params,
            key: KeyAlgorithm::P256.key(),
        }
    }

    /// Extended key usage clientAuth.
    pub fn client(self) -> Self {
        self.extended_key_usage(ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// Extended key usage serverAuth.
    pub fn server(self) -> Self {
        self.extended_key_usage(ExtendedKeyUsagePurpose::ServerAuth)
    }

    pub fn extended_key_usage(mut self, usage: ExtendedKeyUsagePurpose) -> Self {
        self.params.extended_key_usages.push(usage);
        self
    }

    pub fn key_usages(mut self, usages: &[KeyUsagePurpose]) -> Self {
        self.params.key_usages = usages.to_vec();
        self
    }

    pub fn dns(self, name: &str) -> Self {
        self.san(SanType::DnsName(name.try_into().unwrap()))
    }

    pub fn ip(self, address: &str) -> Self {
        let address: IpAddr = address.parse().unwrap();
        self.san(SanType::IpAddress(address))
    }

    pub fn uri(self, uri: &str) -> Self {
        self.san(SanType::URI(uri.try_into().unwrap()))
    }

    pub fn email(self, address: &str) -> Self {
        self.san(SanType::Rfc822Name(address.try_into().unwrap()))
    }

    pub fn san(mut self, name: SanType) -> Self {
        self.params.subject_alt_names.push(name);
        self
    }

    pub fn organizational_unit(mut self, unit: &str) -> Self {
        let name = &mut self.params.distinguished_name;
        name.push(DnType::OrganizationalUnitName, unit);
        self
    }

    pub fn organization(mut self, organization: &str) -> Self {
        let name = &mut self.params.distinguished_name;
        name.push(DnType::OrganizationName, organization);
        self
    }

    /// An attribute of the subject by its number, which may be there already.
    pub fn subject_attribute(mut self, oid: &[u64], value: &str) -> Self {
        let name = &mut self.params.distinguished_name;
        name.push(DnType::CustomDnType(oid.to_vec()), value);
        self
    }

    pub fn attribute(mut self, kind: DnType, value: &str) -> Self {
        self.params.distinguished_name.push(kind, value);
        self
    }

    /// No subject at all; rcgen then marks the names critical, as it should be.
    pub fn without_subject(mut self) -> Self {
        self.params.distinguished_name = DistinguishedName::new();
        self
    }

    pub fn validity(mut self, validity: Validity) -> Self {
        set_validity(&mut self.params, validity);
        self
    }

    pub fn algorithm(mut self, algorithm: KeyAlgorithm) -> Self {
        self.key = algorithm.key();
        self
    }

    /// Marks the leaf as an authority.
    pub fn marked_as_ca(mut self) -> Self {
        self.params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        self
    }

    pub fn extension(mut self, extension: CustomExtension) -> Self {
        self.params.custom_extensions.push(extension);
        self
    }

    pub fn serial_number(mut self, bytes: &[u8]) -> Self {
        self.params.serial_number = Some(SerialNumber::from_slice(bytes));
        self
    }

    pub fn without_key_identifier(mut self) -> Self {
        self.params.use_authority_key_identifier_extension = false;
        self
    }

    /// The chain holds the leaf alone; see [`Credential::with`].
    pub fn issued_by(self, issuer: &Authority) -> Credential {
        let certificate = issuer.sign(&self.params, &self.key);
        self.credential(certificate)
    }

    pub fn self_signed(self) -> Credential {
        let certificate = self.params.self_signed(&*self.key).unwrap().into();
        self.credential(certificate)
    }

    fn credential(self, certificate: CertificateDer<'static>) -> Credential {
        Credential {
            chain: vec![certificate],
            key: pkcs8(&self.key),
        }
    }
}

/// A chain, leaf first, and the leaf's key.
#[derive(Debug)]
pub struct Credential {
    pub chain: Vec<CertificateDer<'static>>,
    /// PKCS#8, version 1.
    pub key: PrivatePkcs8KeyDer<'static>,
}

impl Credential {
    pub fn leaf(&self) -> &CertificateDer<'static> {
        self.chain.first().expect("the chain is empty")
    }

    /// Appends an authority's certificate to the chain.
    pub fn with(mut self, authority: &Authority) -> Self {
        self.chain.push(authority.certificate());
        self
    }

    /// Puts other certificates behind the leaf.
    pub fn above(mut self, authorities: &[&Authority]) -> Self {
        self.chain.truncate(1);
        self.chain
            .extend(authorities.iter().map(|a| a.certificate()));
        self
    }

    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(|c| certificate_pem(c)).collect()
    }

    pub fn key_der(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(self.key.clone_key())
    }

    pub fn key_pem(&self) -> String {
        pem("PRIVATE KEY", self.key.secret_pkcs8_der())
    }
}

impl Clone for Credential {
    fn clone(&self) -> Self {
        Self {
            chain: self.chain.clone(),
            key: self.key.clone_key(),
        }
    }
}
