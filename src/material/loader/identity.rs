//! Reading of identities in any encoding.

use pki_types::CertificateDer;

use super::detect::{Certificates, certificates_in, neither, rejected};
use crate::error::MaterialError;
use crate::material::chain::{CertificateChain, certificates};
use crate::material::container::{pkcs7, pkcs12};
use crate::material::encryption;
use crate::material::identity::MtlsIdentity;
use crate::material::input::der_shape::DerShape;
use crate::material::input::format::DetectedFormat;
use crate::material::input::passphrase::Passphrase;
use crate::material::key::{self, PrivateKey};
use crate::material::pem::expected::ExpectedContent;
use crate::material::pem::{self, label};

/// The content of an input with a chain and its key.
pub(super) enum IdentityInput {
    /// From a container, which has no order.
    Arranged(MtlsIdentity),
    /// From a bundle, in the order of the input.
    Parts(CertificateChain, PrivateKey),
}

impl IdentityInput {
    pub(super) fn read(
        bytes: &[u8],
        passphrase: Option<&Passphrase>,
        friendly_name: Option<&str>,
    ) -> Result<Self, MaterialError> {
        let container = || pkcs12::open(bytes, passphrase, friendly_name).map(Self::Arranged);
        match DetectedFormat::of(bytes) {
            DetectedFormat::Der(DerShape::Pkcs12) | DetectedFormat::Ber(DerShape::Pkcs12) => {
                container()
            }
            DetectedFormat::Text => {
                let sections = pem::sections(bytes, PrivateKey::MAX_SECTIONS).map_err(neither)?;
                if let [only] = sections.as_slice()
                    && only.label == label::PKCS12
                {
                    return container();
                }
                let key = key::only_key(&sections, ExpectedContent::Bundle)?;
                let certificates = certificates::from_sections(&sections, ExpectedContent::Bundle)?;
                Ok(Self::Parts(
                    CertificateChain::checked(certificates)?,
                    encryption::from_section(key, passphrase)?,
                ))
            }
            found => Err(rejected(found, ExpectedContent::Bundle)),
        }
    }
}

/// The certificates of an input.
pub(super) enum CertificateInput {
    /// Certificates whose order has a meaning.
    Listed(CertificateChain),
    /// Certificates without an order: those of PKCS#7.
    Set(Vec<CertificateDer<'static>>),
}

impl CertificateInput {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, MaterialError> {
        const LIMIT: usize = CertificateChain::MAX_CERTIFICATES;
        match certificates_in(bytes, LIMIT, ExpectedContent::Certificates, None)? {
            Certificates::Listed(chain) => CertificateChain::checked(chain).map(Self::Listed),
            Certificates::Pkcs7(der) => pkcs7::certificates(&der, LIMIT).map(Self::Set),
        }
    }
}

/// Builds the chain of a key from certificates without an order.
pub(super) fn chain_of(
    all: Vec<CertificateDer<'static>>,
    key: &PrivateKey,
) -> Result<CertificateChain, MaterialError> {
    CertificateChain::checked(pkcs7::chain_of(all, key.public_half())?)
}
