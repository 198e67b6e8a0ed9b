// Further methods of `TrustAnchors`: `describe/` shows them, `loader/` reads files and folders,
// since the types do not depend on the loader.

use core::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use pki_types::CertificateDer;

use super::chain::certificates;
use super::input::file;
use super::pem::expected::ExpectedContent;
use crate::error::{MaterialError, MaterialProblem};
use crate::x509::{Certificate, Outline};

/// The CA certificates that peers are verified against; never empty.
///
/// Loading checks that each is well-formed X.509. Whether it can be a trust anchor (CA flag, key
/// usage) is checked when a client or a server is built. The system's roots are never added. Clones
/// share the bytes.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let ca_pem = &pki::pki().ca;
/// use mtls::TrustAnchors;
///
/// let anchors = TrustAnchors::from_pem(ca_pem.as_bytes())?;
/// assert_eq!(anchors.as_slice().len(), 1);
/// assert_eq!(anchors, TrustAnchors::from_der(anchors.as_slice().to_vec())?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct TrustAnchors(Arc<Inner>);

struct Inner {
    certificates: Box<[CertificateDer<'static>]>,
    /// In the order of `certificates`; made when they are first needed, if not while these were
    /// read.
    outlines: OnceLock<Box<[Outline]>>,
}

impl TrustAnchors {
    /// The maximum number of anchors in one value.
    pub const MAX_CERTIFICATES: usize = 16_384;
    /// The maximum length of an input in bytes.
    pub const MAX_INPUT_BYTES: usize = 16 << 20;

    /// Reads `CERTIFICATE` sections (RFC 7468, section 5).
    ///
    /// The old labels `X509 CERTIFICATE` and `X.509 CERTIFICATE` are accepted too (section 5.1).
    /// Text between the sections is ignored. One bad section fails the whole load, because a
    /// missing anchor would show up only later, as a rejected peer.
    ///
    /// # Errors
    ///
    /// [`MaterialError`] if a section is damaged, is not a certificate or has another label, if
    /// there is no certificate, or if a limit of this type is exceeded.
    pub fn from_pem(pem: &[u8]) -> Result<Self, MaterialError> {
        file::check_size(pem, Self::MAX_INPUT_BYTES)?;
        let sections = super::pem::sections(pem, Self::MAX_CERTIFICATES)?;
        let mut outlines = Vec::with_capacity(sections.len());
        let look = |certificate: &Certificate<'_>| outlines.push(Outline::of(certificate));
        let anchors = certificates::each_in_sections(&sections, ExpectedContent::Anchors, look)?;
        Self::with_outlines(anchors, OnceLock::from(outlines.into_boxed_slice()))
    }

    /// Creates anchors from certificates in DER.
    ///
    /// # Errors
    ///
    /// [`MaterialError`] if one of them is not a certificate, if there is none, or if a limit of
    /// this type is exceeded.
    pub fn from_der(
        anchors: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, MaterialError> {
        // One item over the limit is enough to detect that it is exceeded.
        let most = Self::MAX_CERTIFICATES.saturating_add(1);
        let anchors = anchors.into_iter().take(most);
        let mut outlines = Vec::new();
        let look = |certificate: &Certificate<'_>| outlines.push(Outline::of(certificate));
        let wanted = ExpectedContent::Anchors;
        let anchors = certificates::each_in_der(anchors, Self::MAX_INPUT_BYTES, wanted, look)?;
        Self::with_outlines(anchors, OnceLock::from(outlines.into_boxed_slice()))
    }

    /// Joins anchors from several inputs; equal anchors are no error.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let [ours, partner] = [pki::anchors(), pki::anchors()];
    /// let both = mtls::TrustAnchors::join([ours, partner])?;
    /// assert_eq!(both.as_slice().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`MaterialError`] if there is no anchor, or if the limit of certificates is exceeded.
    pub fn join(parts: impl IntoIterator<Item = Self>) -> Result<Self, MaterialError> {
        let mut anchors = Vec::new();
        for part in parts {
            anchors.extend_from_slice(part.as_slice());
            if anchors.len() > Self::MAX_CERTIFICATES {
                break;
            }
        }
        Self::checked(anchors)
    }

    /// Returns all anchors, in the order in which they were given; never empty.
    pub fn as_slice(&self) -> &[CertificateDer<'static>] {
        &self.0.certificates
    }

    /// Returns the outline of each anchor, in order.
    pub(crate) fn outlines(&self) -> &[Outline] {
        self.0.outlines.get_or_init(|| {
            // Each of them was read before.
            let all = self
                .as_slice()
                .iter()
                .map_while(|der| Certificate::from_der(der).ok());
            all.map(|certificate| Outline::of(&certificate)).collect()
        })
    }

    pub(super) fn checked(anchors: Vec<CertificateDer<'static>>) -> Result<Self, MaterialError> {
        Self::with_outlines(anchors, OnceLock::new())
    }

    fn with_outlines(
        certificates: Vec<CertificateDer<'static>>,
        outlines: OnceLock<Box<[Outline]>>,
    ) -> Result<Self, MaterialError> {
        certificates::check_count(&certificates, Self::MAX_CERTIFICATES)?;
        Ok(Self(Arc::new(Inner {
            certificates: certificates.into(),
            outlines,
        })))
    }
}

/// Advises the directory constructor in the error for a directory that was given as a file.
pub(super) fn name_directory(error: MaterialError, path: &Path) -> MaterialError {
    match error.problem() {
        MaterialProblem::NotAFile {
            found: found @ file::DIRECTORY,
            ..
        } => MaterialError::from(MaterialProblem::NotAFile {
            found,
            advice: "only regular files are read: name the file itself, or give all files of the \
                     directory by `Input::directory`",
        })
        .in_file(path),
        _ => error,
    }
}

impl PartialEq for TrustAnchors {
    fn eq(&self, other: &Self) -> bool {
        // Clones are compared at each rotation, and there may be thousands of anchors.
        Arc::ptr_eq(&self.0, &other.0) || self.as_slice() == other.as_slice()
    }
}

impl Eq for TrustAnchors {}

impl fmt::Debug for TrustAnchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.as_slice().iter().map(|c| certificates::subject(c)))
            .finish()
    }
}
