//! Certificates from PEM sections or DER, with their form checked.

use pki_types::CertificateDer;

use crate::error::{MaterialError, MaterialLocation, MaterialProblem};
use crate::material::input::der_shape::DerShape;
use crate::material::input::format::DetectedFormat;
use crate::material::pem::expected::ExpectedContent;
use crate::material::pem::label::{self, SectionKind};
use crate::material::pem::{self, Section, unexpected_input};
use crate::x509::{Certificate, rfc4514};

/// Returns the certificates in the sections; any other content is an error.
pub(crate) fn from_sections(
    sections: &[Section<'_>],
    wanted: ExpectedContent,
) -> Result<Vec<CertificateDer<'static>>, MaterialError> {
    each_in_sections(sections, wanted, |_| ())
}

/// Returns the certificates in the sections like [`from_sections`], and calls `look` with each.
pub(crate) fn each_in_sections(
    sections: &[Section<'_>],
    wanted: ExpectedContent,
    mut look: impl FnMut(&Certificate<'_>),
) -> Result<Vec<CertificateDer<'static>>, MaterialError> {
    let mut certificates = Vec::with_capacity(sections.len());
    for section in sections {
        if label::sort(section.label, wanted).map_err(|p| section.error(p))?
            == SectionKind::Certificate
        {
            let der = section.decode_public()?;
            match Certificate::from_der(&der) {
                Ok(certificate) => look(&certificate),
                Err(error) => {
                    let problem = mislabelled(&der).unwrap_or_else(|| malformed(error));
                    return Err(section.error(problem));
                }
            }
            certificates.push(CertificateDer::from(der));
        }
    }
    match pem::parameters_alone(sections, wanted) {
        Some(error) if certificates.is_empty() => Err(error),
        _ => Ok(certificates),
    }
}

/// Returns the error for a section labelled as a certificate that holds something else.
fn mislabelled(der: &[u8]) -> Option<MaterialProblem> {
    match DetectedFormat::of(der) {
        DetectedFormat::Der(shape) if shape != DerShape::Certificate => Some(
            unexpected_input::instead(shape, ExpectedContent::Certificates),
        ),
        _ => None,
    }
}

pub(crate) fn from_der(
    certificates: impl Iterator<Item = CertificateDer<'static>>,
    max_bytes: usize,
    wanted: ExpectedContent,
) -> Result<Vec<CertificateDer<'static>>, MaterialError> {
    each_in_der(certificates, max_bytes, wanted, |_| ())
}

/// Returns the certificates like [`from_der`], and calls `look` with each.
pub(crate) fn each_in_der(
    certificates: impl Iterator<Item = CertificateDer<'static>>,
    max_bytes: usize,
    wanted: ExpectedContent,
    mut look: impl FnMut(&Certificate<'_>),
) -> Result<Vec<CertificateDer<'static>>, MaterialError> {
    let mut checked = Vec::new();
    let mut left = max_bytes;
    for (index, der) in certificates.enumerate() {
        left = left
            .checked_sub(der.len())
            .ok_or(MaterialProblem::TooMany {
                limit: max_bytes,
                what: "bytes",
            })?;
        match Certificate::from_der(&der) {
            Ok(certificate) => look(&certificate),
            Err(error) => {
                let instead = unexpected_input::instead_of_der(&der, wanted);
                let problem = instead.unwrap_or_else(|| malformed(error));
                return Err(MaterialError::from(problem).at(place(index)));
            }
        }
        checked.push(der);
    }
    Ok(checked)
}

/// Returns the location of one of several certificates in DER.
pub(crate) fn place(index: usize) -> MaterialLocation {
    MaterialLocation {
        index,
        offset: None,
        label: None,
    }
}

pub(crate) fn check_count(
    certificates: &[CertificateDer<'static>],
    limit: usize,
) -> Result<(), MaterialError> {
    if certificates.is_empty() {
        return Err(MaterialProblem::NoCertificate.into());
    }
    if certificates.len() > limit {
        let what = "certificates";
        return Err(MaterialProblem::TooMany { limit, what }.into());
    }
    Ok(())
}

/// Parses a certificate whose form was checked when it was loaded.
pub(crate) fn view<'a>(der: &'a CertificateDer<'_>) -> Result<Certificate<'a>, MaterialProblem> {
    Certificate::from_der(der).map_err(malformed)
}

/// The maximum length of a name in a message, in characters. The longest on the public web have
/// 300.
const MAX_SHOWN: usize = 1024;

/// Returns the subject, for messages.
pub(crate) fn subject(der: &CertificateDer<'_>) -> String {
    view(der).map_or_else(|_| "(unreadable)".to_owned(), |c| shown(c.subject))
}

/// Returns a name for messages, shortened because the certificate's author chose its length.
pub(crate) fn shown(name: &[u8]) -> String {
    let mut text = rfc4514(name);
    if let Some((end, _)) = text.char_indices().nth(MAX_SHOWN) {
        text.truncate(end);
        text.push('…');
    }
    text
}

pub(crate) fn malformed(source: impl std::error::Error + Send + Sync + 'static) -> MaterialProblem {
    MaterialProblem::Certificate {
        source: Box::new(source),
    }
}

pub(crate) fn check_shape(der: &[u8]) -> Result<(), MaterialProblem> {
    Certificate::from_der(der).map(drop).map_err(malformed)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair};

    use super::*;

    #[test]
    fn long_names_are_cut() {
        let key = KeyPair::generate().unwrap();
        let of = |letters: usize| {
            let mut params = CertificateParams::default();
            let mut name = rcgen::DistinguishedName::new();
            for kind in [
                DnType::CommonName,
                DnType::OrganizationName,
                DnType::OrganizationalUnitName,
                DnType::LocalityName,
                DnType::StateOrProvinceName,
            ] {
                name.push(kind, "é".repeat(letters));
            }
            params.distinguished_name = name;
            subject(params.self_signed(&key).unwrap().der())
        };
        assert!(!of(100).contains(['…', '.']), "{}", of(100));
        for long in [250, 100_000] {
            let shown = of(long);
            assert_eq!(shown.chars().count(), MAX_SHOWN + 1, "{shown}");
            assert!(shown.ends_with('…'), "{shown}");
        }
    }
}
