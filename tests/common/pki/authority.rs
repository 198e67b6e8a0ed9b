//! Those who issue.

use std::sync::Arc;

use pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SigningKey,
};

use super::{
    Credential, KeyAlgorithm, Validity, certificate_pem, params, pkcs8, serial, set_validity,
};

/// A certificate authority: a name, a key, and one certificate for the two.
#[derive(Clone, Debug)]
pub struct Authority {
    params: CertificateParams,
    key: Arc<KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    /// A self-signed authority of this common name.
    pub fn root(name: &str) -> Self {
        AuthorityBuilder::named(name).self_signed()
    }

    /// A further authority, issued by this one.
    pub fn intermediate(&self, name: &str) -> Self {
        AuthorityBuilder::named(name).issued_by(self)
    }

    /// Another self-signed authority of the same name, with another key.
    pub fn namesake(&self) -> Self {
        self.again().key(KeyAlgorithm::P256.key()).self_signed()
    }

    /// The same name and key, issued by `issuer`.
    pub fn cross_signed_by(&self, issuer: &Self) -> Self {
        self.again().issued_by(issuer)
    }

    /// A builder for another certificate of the same name and key.
    pub fn again(&self) -> AuthorityBuilder {
        AuthorityBuilder {
            params: self.params.clone(),
            key: self.key.clone(),
        }
    }

    pub fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }

    pub fn pem(&self) -> String {
        certificate_pem(&self.certificate)
    }

    /// PKCS#8.
    pub fn key_der(&self) -> PrivatePkcs8KeyDer<'static> {
        pkcs8(&self.key)
    }

    /// This authority's own certificate and key, as an identity.
    pub fn credential(&self) -> Credential {
        Credential {
            chain: vec![self.certificate()],
            key: self.key_der(),
        }
    }

    /// A signature over `message`, by SHA-256 for the keys that authorities have by default.
    pub fn sign_message(&self, message: &[u8]) -> Vec<u8> {
        SigningKey::sign(&*self.key, message).unwrap()
    }

    pub(super) fn sign(
        &self,
        params: &CertificateParams,
        key: &KeyPair,
    ) -> CertificateDer<'static> {
        let issuer = Issuer::from_params(&self.params, &*self.key);
        params.signed_by(key, &issuer).unwrap().into()
    }
}

/// Makes an [`Authority`] that is not quite the usual.
#[derive(Clone, Debug)]
pub struct AuthorityBuilder {
    params: CertificateParams,
    key: Arc<KeyPair>,
}

impl AuthorityBuilder {
    pub fn named(name: &str) -> Self {
        let mut params = params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Self {
            params,
            key: KeyAlgorithm::P256.key(),
        }
    }

    pub fn algorithm(self, algorithm: KeyAlgorithm) -> Self {
        self.key(algorithm.key())
    }

    pub fn validity(mut self, validity: Validity) -> Self {
        set_validity(&mut self.params, validity);
        self
    }

    /// At most so many intermediates below.
    pub fn path_length(mut self, most: u8) -> Self {
        self.params.is_ca = IsCa::Ca(BasicConstraints::Constrained(most));
        self
    }

    pub fn name_constraints(mut self, constraints: NameConstraints) -> Self {
        self.params.name_constraints = Some(constraints);
        self
    }

    pub fn extended_key_usages(mut self, usages: &[ExtendedKeyUsagePurpose]) -> Self {
        self.params.extended_key_usages = usages.to_vec();
        self
    }

    /// No key usage extension when empty.
    pub fn key_usages(mut self, usages: &[KeyUsagePurpose]) -> Self {
        self.params.key_usages = usages.to_vec();
        self
    }

    /// Without the CA flag; `explicit` writes it down as false.
    pub fn not_a_ca(mut self, explicit: bool) -> Self {
        self.params.is_ca = if explicit {
            IsCa::ExplicitNoCa
        } else {
            IsCa::NoCa
        };
        self
    }

    pub fn attribute(mut self, kind: DnType, value: &str) -> Self {
        self.params.distinguished_name.push(kind, value);
        self
    }

    pub fn extension(mut self, extension: CustomExtension) -> Self {
        self.params.custom_extensions.push(extension);
        self
    }

    /// Leaves the authority key identifier out.
    pub fn without_key_identifier(mut self) -> Self {
        self.params.use_authority_key_identifier_extension = false;
        self
    }

    pub fn self_signed(mut self) -> Authority {
        self.params.serial_number = Some(serial());
        let certificate = self.params.self_signed(&*self.key).unwrap().into();
        self.authority(certificate)
    }

    pub fn issued_by(mut self, issuer: &Authority) -> Authority {
        self.params.serial_number = Some(serial());
        let certificate = issuer.sign(&self.params, &self.key);
        self.authority(certificate)
    }

    fn key(mut self, key: Arc<KeyPair>) -> Self {
        self.key = key;
        self
    }

    fn authority(self, certificate: CertificateDer<'static>) -> Authority {
        Authority {
            params: self.params,
            key: self.key,
            certificate,
        }
    }
}
