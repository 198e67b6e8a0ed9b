use core::fmt;
use std::path::Path;
use std::sync::Arc;

use pki_types::CertificateDer;

use super::chain::certificates;
use super::input::file;
use super::pem::expected::ExpectedContent;
use crate::error::{MaterialError, MaterialProblem};

/// The certificates of the CAs that may vouch for a peer; never empty.
///
/// Loading checks that each is well-formed X.509. Whether it may vouch for anybody (CA flag, key
/// usage) is judged when a client or a server is built. The system's roots are never mixed in.
/// Clones share the bytes.
///
/// ```no_run
/// use mtls::TrustAnchors;
///
/// let anchors = TrustAnchors::from_file("ca.crt")?;
/// println!("{} anchors", anchors.as_slice().len());
/// # Ok::<(), mtls::MaterialError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct TrustAnchors(Arc<[CertificateDer<'static>]>);

impl TrustAnchors {
    /// The most anchors that may be given together.
    pub const MAX_CERTIFICATES: usize = 16_384;
    /// The most bytes that an input may have.
    pub const MAX_INPUT_BYTES: usize = 16 << 20;

    /// Reads `CERTIFICATE` sections (RFC 7468, section 5).
    ///
    /// The old names `X509 CERTIFICATE` and `X.509 CERTIFICATE` are taken too (section 5.1). Text between
    /// the sections is passed over. One bad section fails the whole load: an anchor that is silently
    /// missing shows up later, as a peer that is refused.
    ///
    /// # Errors
    ///
    /// [`MaterialError`] when a section is damaged, is no certificate or is something else than a
    /// certificate, when there is none, and when a limit of this type is exceeded.
    pub fn from_pem(pem: &[u8]) -> Result<Self, MaterialError> {
        file::check_size(pem, Self::MAX_INPUT_BYTES)?;
        let sections = super::pem::sections(pem, Self::MAX_CERTIFICATES)?;
        Self::checked(certificates::from_sections(
            &sections,
            ExpectedContent::Anchors,
        )?)
    }

    /// Takes certificates in DER.
    ///
    /// # Errors
    ///
    /// [`MaterialError`] when one of them is no certificate, when there is none, and when a limit of
    /// this type is exceeded.
    pub fn from_der(
        anchors: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, MaterialError> {
        // One more than the limit is enough to see that it is exceeded.
        let most = Self::MAX_CERTIFICATES.saturating_add(1);
        let anchors = anchors.into_iter().take(most);
        Self::checked(certificates::from_der(
            anchors,
            Self::MAX_INPUT_BYTES,
            ExpectedContent::Anchors,
        )?)
    }

    /// All anchors, in the order in which they were given. There is at least one.
    pub fn as_slice(&self) -> &[CertificateDer<'static>] {
        &self.0
    }

    pub(super) fn checked(anchors: Vec<CertificateDer<'static>>) -> Result<Self, MaterialError> {
        certificates::check_count(&anchors, Self::MAX_CERTIFICATES)?;
        Ok(Self(anchors.into()))
    }
}

/// Says what reads a folder, where one was given for a file.
pub(super) fn name_directory(error: MaterialError, path: &Path) -> MaterialError {
    match error.problem() {
        MaterialProblem::NotAFile { found } => {
            let found = match *found {
                file::DIRECTORY => "a directory, which `Input::directory` names",
                other => other,
            };
            MaterialError::from(MaterialProblem::NotAFile { found }).in_file(path)
        }
        _ => error,
    }
}

impl fmt::Debug for TrustAnchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|c| certificates::subject(c)))
            .finish()
    }
}
