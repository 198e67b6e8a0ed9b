use mtls::pki_types::CertificateDer;
use mtls::{MtlsIdentity, TrustAnchors};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    SigningKey,
};

use super::SERVER;

/// A root, one intermediate, and a leaf for each end.
pub(crate) struct Pki {
    pub(crate) root: CertificateDer<'static>,
    pub(crate) server: Own,
    pub(crate) client: Own,
}

/// A chain, leaf first, and its key in PKCS#8.
pub(crate) struct Own {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: Vec<u8>,
}

impl Pki {
    pub(crate) fn new() -> Self {
        let root = CertifiedIssuer::self_signed(authority("Root"), key()).unwrap();
        let intermediate =
            CertifiedIssuer::signed_by(authority("Intermediate"), key(), &root).unwrap();
        Self {
            root: root.der().clone(),
            server: leaf(
                "server",
                SERVER,
                ExtendedKeyUsagePurpose::ServerAuth,
                &intermediate,
            ),
            client: leaf(
                "client",
                "client.example",
                ExtendedKeyUsagePurpose::ClientAuth,
                &intermediate,
            ),
        }
    }

    pub(crate) fn anchors(&self) -> TrustAnchors {
        TrustAnchors::from_der([self.root.clone()]).unwrap()
    }

    pub(crate) fn server_identity(&self) -> MtlsIdentity {
        MtlsIdentity::from_der(self.server.chain.clone(), &self.server.key).unwrap()
    }

    pub(crate) fn client_identity(&self) -> MtlsIdentity {
        MtlsIdentity::from_der(self.client.chain.clone(), &self.client.key).unwrap()
    }
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn leaf<S: SigningKey>(
    name: &str,
    dns: &str,
    usage: ExtendedKeyUsagePurpose,
    issuer: &CertifiedIssuer<'_, S>,
) -> Own {
    let mut params = named(name);
    params.subject_alt_names = vec![rcgen::SanType::DnsName(dns.try_into().unwrap())];
    params.extended_key_usages = vec![usage];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let key = key();
    let by: &Issuer<'_, S> = issuer;
    let certificate = params.signed_by(&key, by).unwrap();
    Own {
        chain: vec![certificate.der().clone(), issuer.der().clone()],
        key: key.serialized_der().to_vec(),
    }
}
