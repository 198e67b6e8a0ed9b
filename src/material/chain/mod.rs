// Further methods of `CertificateChain`: `repair.rs` puts it in order, `describe/` shows it,
// `loader/from_file.rs` reads files.

pub(crate) mod certificates;
pub(crate) mod chain_checks;
pub(crate) mod chain_order;
pub(crate) mod repair;

use core::fmt;
use std::sync::Arc;

use pki_types::CertificateDer;

use super::distinguished_name::DistinguishedName;
use super::input::file;
use super::pem::expected::ExpectedContent;
use crate::error::MaterialError;

/// The certificates that we present: the leaf first, each followed by its issuer; never empty.
///
/// Every certificate is well-formed X.509 (RFC 5280, section 4.1). Whether they form a chain is
/// checked by [`MtlsIdentity::new`](crate::MtlsIdentity::new). Clones share the bytes.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let chain_pem = &pki::pki().client;
/// use mtls::CertificateChain;
///
/// let chain = CertificateChain::from_pem(chain_pem.as_bytes())?;
/// assert_eq!(chain.as_slice(), [chain.leaf().clone()]);
/// assert_eq!(chain, CertificateChain::from_der([chain.leaf().clone()])?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateChain(Arc<[CertificateDer<'static>]>);

impl CertificateChain {
    /// The maximum number of certificates in a chain.
    pub const MAX_CERTIFICATES: usize = 16;
    /// The maximum length of an input in bytes.
    pub const MAX_INPUT_BYTES: usize = 1 << 20;

    /// Reads `CERTIFICATE` sections (RFC 7468, section 5), the leaf first.
    ///
    /// The old labels `X509 CERTIFICATE` and `X.509 CERTIFICATE` are accepted too (section 5.1).
    /// Text between the sections is ignored.
    ///
    /// # Errors
    ///
    /// [`MaterialError`] if a section is damaged, is not a certificate or has another label, if
    /// there is no certificate, or if a limit of this type is exceeded.
    pub fn from_pem(pem: &[u8]) -> Result<Self, MaterialError> {
        file::check_size(pem, Self::MAX_INPUT_BYTES)?;
        let sections = super::pem::sections(pem, Self::MAX_CERTIFICATES)?;
        Self::checked(certificates::from_sections(
            &sections,
            ExpectedContent::Certificates,
        )?)
    }

    /// Creates a chain from certificates in DER, the leaf first.
    ///
    /// # Errors
    ///
    /// [`MaterialError`] if one of them is not a certificate, if there is none, or if a limit of
    /// this type is exceeded.
    pub fn from_der(
        chain: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, MaterialError> {
        // One item over the limit is enough to detect that it is exceeded.
        let most = Self::MAX_CERTIFICATES.saturating_add(1);
        let chain = chain.into_iter().take(most);
        Self::checked(certificates::from_der(
            chain,
            Self::MAX_INPUT_BYTES,
            ExpectedContent::Certificates,
        )?)
    }

    /// Returns all certificates, the leaf first; never empty.
    pub fn as_slice(&self) -> &[CertificateDer<'static>] {
        &self.0
    }

    /// Returns the leaf.
    #[expect(
        clippy::indexing_slicing,
        reason = "never empty: `checked` is the only constructor"
    )]
    pub fn leaf(&self) -> &CertificateDer<'static> {
        &self.0[0]
    }

    /// Returns whether a CA of this name issued one of the certificates.
    ///
    /// It compares names and verifies no signature. A client whose chain is issued by none of the
    /// CAs that a server names is rejected by most servers.
    pub fn is_issued_by(&self, ca: DistinguishedName<'_>) -> bool {
        let mut views = self.0.iter().filter_map(|der| certificates::view(der).ok());
        views.any(|view| DistinguishedName::new(view.issuer).is_same_as(ca))
    }

    pub(super) fn checked(chain: Vec<CertificateDer<'static>>) -> Result<Self, MaterialError> {
        certificates::check_count(&chain, Self::MAX_CERTIFICATES)?;
        Ok(Self(chain.into()))
    }
}

impl fmt::Debug for CertificateChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|c| certificates::subject(c)))
            .finish()
    }
}
