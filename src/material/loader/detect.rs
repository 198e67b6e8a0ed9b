//! Detection of the content of an input.

use std::borrow::Cow;

use pki_types::CertificateDer;

use crate::error::{MaterialError, MaterialProblem};
use crate::material::chain::certificates;
use crate::material::container::pkcs12;
use crate::material::input::der_shape::DerShape;
use crate::material::input::format::DetectedFormat;
use crate::material::input::passphrase::Passphrase;
use crate::material::pem::expected::ExpectedContent;
use crate::material::pem::{self, label, unexpected_input};

pub(super) enum Certificates<'a> {
    /// Certificates whose order has a meaning.
    Listed(Vec<CertificateDer<'static>>),
    /// PKCS#7 in DER or BER, not yet parsed.
    Pkcs7(Cow<'a, [u8]>),
}

pub(super) fn certificates_in<'a>(
    bytes: &'a [u8],
    limit: usize,
    wanted: ExpectedContent,
    passphrase: Option<&Passphrase>,
) -> Result<Certificates<'a>, MaterialError> {
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
            trust_store(bytes, passphrase)
        }
        DetectedFormat::Text => {
            let sections = pem::sections(bytes, limit).map_err(neither)?;
            match sections.as_slice() {
                [only] if label::is_pkcs7(only.label) => {
                    let der = core::mem::take(&mut *only.decode()?);
                    Ok(Certificates::Pkcs7(der.into()))
                }
                [only] if only.label == label::PKCS12 && wanted == ExpectedContent::Anchors => {
                    trust_store(bytes, passphrase)
                }
                _ => {
                    let found = certificates::from_sections(&sections, wanted)?;
                    Ok(Certificates::Listed(found))
                }
            }
        }
        found => Err(rejected(found, wanted)),
    }
}

fn trust_store(
    bytes: &[u8],
    passphrase: Option<&Passphrase>,
) -> Result<Certificates<'static>, MaterialError> {
    let anchors = pkcs12::anchors(bytes, passphrase)?;
    Ok(Certificates::Listed(anchors.as_slice().to_vec()))
}

pub(super) fn rejected(found: DetectedFormat, wanted: ExpectedContent) -> MaterialError {
    match found {
        DetectedFormat::Der(shape)
        | DetectedFormat::Ber(shape @ (DerShape::Pkcs7 | DerShape::Pkcs12)) => {
            unexpected_input::instead(shape, wanted)
        }
        found => unexpected_input::foreign(found, wanted.content()),
    }
    .into()
}

/// Adds DER to the expected content in the error for an input without PEM sections.
pub(super) fn neither(error: MaterialError) -> MaterialError {
    match error.problem() {
        MaterialProblem::NoPem => {
            unexpected_input::foreign(DetectedFormat::Text, "PEM or DER").into()
        }
        _ => error,
    }
}
