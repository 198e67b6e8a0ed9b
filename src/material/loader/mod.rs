//! Loading whatever an input holds, told by its content.
//!
//! Each type has `from_bytes` and `from_file` here. What they take in PEM is what `from_pem` takes,
//! and PKCS#7 beside it.

pub(crate) mod directory;
#[cfg(feature = "watch")]
pub(crate) mod fingerprint;
mod identity;

use std::borrow::Cow;
use std::path::Path;

use pki_types::CertificateDer;

use super::anchors::{self, TrustAnchors};
use super::chain::{CertificateChain, certificates};
use super::container::{pkcs7, pkcs12};
use super::encryption;
use super::input::der_shape::DerShape;
use super::input::file;
use super::input::format::DetectedFormat;
use super::input::passphrase::Passphrase;
use super::key::{self, PrivateKey};
use super::pem::expected::ExpectedContent;
use super::pem::{self, label, unexpected_input};
use super::revocation::RevocationLists;
use crate::error::{MaterialError, MaterialProblem};

/// Any encoding, told by the content.
impl CertificateChain {
    /// Reads certificates in PEM, one in DER, or the chain in PKCS#7, whichever it is.
    ///
    /// Of PKCS#7, in DER or BER or in a PEM section `PKCS7` or `CMS` (RFC 7468, sections 8 and 9)
    /// that stands alone, the `SignedData` is read (RFC 2315, section 9.1; RFC 5652, section 5.1).
    /// It has no order: the leaf is the only certificate that is no CA's and issued no other one,
    /// the issuers are put after it, roots and what is not on the way are left out. Signatures in
    /// it are not looked at: the certificates count for no more than any others.
    ///
    /// ```no_run
    /// use mtls::CertificateChain;
    ///
    /// let answer_of_the_ca = std::fs::read("client.p7b")?;
    /// let chain = CertificateChain::from_bytes(&answer_of_the_ca)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`from_pem`](Self::from_pem) and [`from_der`](Self::from_der); and
    /// [`MaterialError`] when it is something else, which is named, and when a PKCS#7 is of another
    /// kind, damaged, holds revocation lists, or has no leaf or more than one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MaterialError> {
        file::check_size(bytes, Self::MAX_INPUT_BYTES)?;
        match certificates_in(bytes, Self::MAX_CERTIFICATES, ExpectedContent::Certificates)? {
            Certificates::Listed(chain) => Self::checked(chain),
            Certificates::Pkcs7(der) => {
                let all = pkcs7::certificates(&der, Self::MAX_CERTIFICATES)?;
                Self::checked(pkcs7::chain(all)?)
            }
        }
    }

    /// Reads a file as [`from_bytes`](Self::from_bytes) reads bytes. The name of the file says
    /// nothing.
    ///
    /// # Errors
    ///
    /// The errors of [`from_bytes`](Self::from_bytes), and those of reading; each names the file.
    /// Only regular files are read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, MaterialError> {
        file::load(path.as_ref(), Self::MAX_INPUT_BYTES, |file| {
            Self::from_bytes(&file.bytes)
        })
    }
}

/// Any encoding, told by the content.
impl PrivateKey {
    /// Reads the one private key in PEM or DER, encrypted or not, whichever it is.
    ///
    /// The passphrase is asked for only where the key is encrypted, which takes the cargo feature
    /// `encrypted-keys`.
    ///
    /// ```no_run
    /// use mtls::{Passphrase, PrivateKey};
    ///
    /// let bytes = std::fs::read("client.key")?;
    /// let key = PrivateKey::from_bytes(&bytes, Some(&Passphrase::from_env("KEY_PASSPHRASE")))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`from_pem`](Self::from_pem) and [`from_der`](Self::from_der); and
    /// [`MaterialError`] when it is something else, which is named, when it is encrypted and there
    /// is no passphrase or a wrong one, and when opening it would cost more than the limits of this
    /// type.
    pub fn from_bytes(
        bytes: &[u8],
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, MaterialError> {
        file::check_size(bytes, Self::MAX_INPUT_BYTES)?;
        match DetectedFormat::of(bytes) {
            DetectedFormat::Der(shape) if ExpectedContent::Key.is(shape) => {
                encryption::from_der(bytes, passphrase)
            }
            DetectedFormat::Text => {
                let sections = pem::sections(bytes, Self::MAX_SECTIONS).map_err(neither)?;
                encryption::from_section(
                    key::only_key(&sections, ExpectedContent::Key)?,
                    passphrase,
                )
            }
            found => Err(refused(found, ExpectedContent::Key)),
        }
    }

    /// Reads a file as [`from_bytes`](Self::from_bytes) reads bytes. The name of the file says
    /// nothing.
    ///
    /// # Errors
    ///
    /// The errors of [`from_bytes`](Self::from_bytes), and those of reading; each names the file.
    /// Only regular files are read.
    pub fn from_file(
        path: impl AsRef<Path>,
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, MaterialError> {
        file::load(path.as_ref(), Self::MAX_INPUT_BYTES, |file| {
            Ok(Self::from_bytes(&file.bytes, passphrase)?.exposed(file.exposure))
        })
    }
}

/// Any encoding, told by the content.
impl TrustAnchors {
    /// Reads certificates in PEM, one in DER, or those of a PKCS#7, whichever it is.
    ///
    /// Of PKCS#7, in DER or BER or in a PEM section `PKCS7` or `CMS` (RFC 7468, sections 8 and 9)
    /// that stands alone, the certificates of the `SignedData` are taken, all of them (RFC 2315,
    /// section 9.1; RFC 5652, section 5.1). Its signatures are not looked at: to be an anchor is
    /// your word alone.
    ///
    /// Of PKCS#12 a trust store without MAC and passphrase is read (cargo feature `pkcs12`), as
    /// `keytool` makes it without protection; one with a passphrase takes
    /// `from_pkcs12`.
    ///
    /// ```no_run
    /// use mtls::TrustAnchors;
    ///
    /// let anchors = TrustAnchors::from_bytes(&std::fs::read("ca.cer")?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`from_pem`](Self::from_pem) and [`from_der`](Self::from_der); and
    /// [`MaterialError`] when it is something else, which is named, and when a PKCS#7 is of another
    /// kind, damaged, or holds revocation lists.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MaterialError> {
        file::check_size(bytes, Self::MAX_INPUT_BYTES)?;
        Self::checked(
            match certificates_in(bytes, Self::MAX_CERTIFICATES, ExpectedContent::Anchors)? {
                Certificates::Listed(anchors) => anchors,
                Certificates::Pkcs7(der) => pkcs7::certificates(&der, Self::MAX_CERTIFICATES)?,
            },
        )
    }

    /// Reads a file as [`from_bytes`](Self::from_bytes) reads bytes. The name of the file says
    /// nothing.
    ///
    /// # Errors
    ///
    /// The errors of [`from_bytes`](Self::from_bytes), and those of reading; each names the file.
    /// Only regular files are read; for a folder of them there is
    /// [`from_directory`](Self::from_directory).
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, MaterialError> {
        let path = path.as_ref();
        file::load(path, Self::MAX_INPUT_BYTES, |file| {
            Self::from_bytes(&file.bytes)
        })
        .map_err(|error| anchors::name_directory(error, path))
    }
}

/// Any encoding, told by the content.
impl RevocationLists {
    /// Reads lists in PEM, or one in DER, whichever it is.
    ///
    /// ```no_run
    /// use mtls::RevocationLists;
    ///
    /// let lists = RevocationLists::from_bytes(&std::fs::read("root.crl")?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`from_pem`](Self::from_pem) and [`from_der`](Self::from_der); and
    /// [`MaterialError`] when it is something else, which is named.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MaterialError> {
        file::check_size(bytes, Self::MAX_INPUT_BYTES)?;
        match DetectedFormat::of(bytes) {
            DetectedFormat::Text => Self::from_pem(bytes).map_err(neither),
            DetectedFormat::Der(shape) if ExpectedContent::RevocationLists.is(shape) => {
                Self::from_der([bytes.to_vec().into()])
            }
            found => Err(refused(found, ExpectedContent::RevocationLists)),
        }
    }

    /// Reads a file as [`from_bytes`](Self::from_bytes) reads bytes. The name of the file says
    /// nothing.
    ///
    /// # Errors
    /// The errors of [`from_bytes`](Self::from_bytes), and those of reading; each names the file.
    /// Only regular files are read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, MaterialError> {
        file::load(path.as_ref(), Self::MAX_INPUT_BYTES, |file| {
            Self::from_bytes(&file.bytes)
        })
    }
}

enum Certificates<'a> {
    /// In an order that means something.
    Listed(Vec<CertificateDer<'static>>),
    /// PKCS#7 in DER or BER, not yet read.
    Pkcs7(Cow<'a, [u8]>),
}

fn certificates_in(
    bytes: &[u8],
    limit: usize,
    wanted: ExpectedContent,
) -> Result<Certificates<'_>, MaterialError> {
    match DetectedFormat::of(bytes) {
        DetectedFormat::Der(DerShape::Certificate) => {
            certificates::check_shape(bytes)?;
            Ok(Certificates::Listed(vec![bytes.to_vec().into()]))
        }
        DetectedFormat::Der(DerShape::Pkcs7) | DetectedFormat::Ber(DerShape::Pkcs7) => {
            Ok(Certificates::Pkcs7(bytes.into()))
        }
        DetectedFormat::Der(DerShape::Pkcs12) | DetectedFormat::Ber(DerShape::Pkcs12)
            if wanted == ExpectedContent::Anchors =>
        {
            trust_store(bytes)
        }
        DetectedFormat::Text => {
            let sections = pem::sections(bytes, limit).map_err(neither)?;
            match sections.as_slice() {
                [only] if label::is_pkcs7(only.label) => {
                    let der = core::mem::take(&mut *only.decode()?);
                    Ok(Certificates::Pkcs7(der.into()))
                }
                [only] if only.label == label::PKCS12 && wanted == ExpectedContent::Anchors => {
                    trust_store(bytes)
                }
                _ => {
                    let found = certificates::from_sections(&sections, wanted)?;
                    Ok(Certificates::Listed(found))
                }
            }
        }
        found => Err(refused(found, wanted)),
    }
}

fn trust_store(bytes: &[u8]) -> Result<Certificates<'_>, MaterialError> {
    let anchors = pkcs12::open_anchors(bytes)?;
    Ok(Certificates::Listed(anchors.as_slice().to_vec()))
}

fn refused(found: DetectedFormat, wanted: ExpectedContent) -> MaterialError {
    match found {
        DetectedFormat::Der(shape)
        | DetectedFormat::Ber(shape @ (DerShape::Pkcs7 | DerShape::Pkcs12)) => {
            unexpected_input::instead(shape, wanted)
        }
        found => unexpected_input::foreign(found, wanted.content()),
    }
    .into()
}

/// That no section begins in it is half of what is missing here.
fn neither(error: MaterialError) -> MaterialError {
    match error.problem() {
        MaterialProblem::NoPem => {
            unexpected_input::foreign(DetectedFormat::Text, "PEM or DER").into()
        }
        _ => error,
    }
}
