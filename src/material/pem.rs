//! The sections of a PEM text (RFC 7468).
//!
//! rustls-pki-types decodes them, one at a time. Left alone with a whole file it passes over what
//! it does not understand, so the sections are found and counted here first and everything that is
//! odd about them is refused by name.

use pki_types::pem::{PemObject, SectionKind};
use zeroize::Zeroizing;

use super::label;
use super::marker::Marker;
use super::refusal;
use crate::error::{MaterialError, MaterialPlace, MaterialProblem};

const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

/// One section, its text not yet decoded.
#[derive(Clone, Debug)]
pub(super) struct Section<'a> {
    pub(super) index: usize,
    pub(super) offset: usize,
    pub(super) label: &'a str,
    /// Everything between the marker lines.
    body: &'a [u8],
}

/// Every section of `input`, in order; at least one.
pub(super) fn sections(input: &[u8], limit: usize) -> Result<Vec<Section<'_>>, MaterialError> {
    let text = input.strip_prefix(UTF8_BOM).unwrap_or(input);
    let start = input.len().saturating_sub(text.len());
    let mut sections: Vec<Section<'_>> = Vec::new();
    let mut open: Option<(usize, &str, usize)> = None;
    for (at, line) in lines(text) {
        let offset = at.saturating_add(start);
        let place = || MaterialPlace {
            index: sections.len(),
            offset: Some(open.map_or(offset, |(begin, ..)| begin)),
            label: open.map(|(_, label, _)| label.to_owned()),
        };
        match Marker::read(line).map_err(|e| e.at(place()))? {
            None => {}
            Some(Marker::Begin(label)) => {
                if let Some((_, label, _)) = open {
                    let label = label.to_owned();
                    return Err(
                        MaterialError::from(MaterialProblem::MissingEnd { label }).at(place())
                    );
                }
                open = Some((offset, label, at.saturating_add(line.len())));
            }
            Some(Marker::End(end)) => {
                let Some((offset, label, body)) = open else {
                    let label = end.to_owned();
                    return Err(
                        MaterialError::from(MaterialProblem::UnexpectedEnd { label }).at(place()),
                    );
                };
                if label != end {
                    let (begin, end) = (label.to_owned(), end.to_owned());
                    return Err(MaterialError::from(MaterialProblem::EndLabelMismatch {
                        begin,
                        end,
                    })
                    .at(place()));
                }
                if sections.len() == limit {
                    return Err(MaterialProblem::TooMany {
                        limit,
                        what: "PEM sections",
                    }
                    .into());
                }
                sections.push(Section {
                    index: sections.len(),
                    offset,
                    label: label::today(label),
                    body: text.get(body..at).unwrap_or_default(),
                });
                open = None;
            }
        }
    }
    if let Some((offset, label, _)) = open {
        let place = MaterialPlace {
            index: sections.len(),
            offset: Some(offset),
            label: Some(label.to_owned()),
        };
        let label = label.to_owned();
        return Err(MaterialError::from(MaterialProblem::MissingEnd { label }).at(place));
    }
    if sections.is_empty() {
        return Err(refusal::instead_of_pem(input).into());
    }
    Ok(sections)
}

impl<'a> Section<'a> {
    pub(super) fn place(&self) -> MaterialPlace {
        MaterialPlace {
            index: self.index,
            offset: Some(self.offset),
            label: Some(self.label.to_owned()),
        }
    }

    pub(super) fn error(&self, problem: MaterialProblem) -> MaterialError {
        MaterialError::from(problem).at(self.place())
    }

    /// The headers that old OpenSSL puts before the base64 of an encrypted key (RFC 1421, section 4.6).
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        header_lines(self.body).map(|(name, value, _)| (name, value))
    }

    /// Whether a header says that the section is encrypted.
    pub(super) fn has_encryption_header(&self) -> bool {
        self.headers()
            .any(|(name, value)| name == "Proc-Type" && value.ends_with("ENCRYPTED"))
    }

    pub(super) fn decode(&self) -> Result<Zeroizing<Vec<u8>>, MaterialError> {
        // Under a label that pki-types knows, whatever the section's own is: it drops all others.
        // Only keys have headers; where the last one ends the base64 begins.
        let (label, skip) = if matches!(self.label, label::CERTIFICATE | label::X509_CRL) {
            (label::CERTIFICATE, 0)
        } else {
            let end = header_lines(self.body).last().map_or(0, |(_, _, end)| end);
            (label::PRIVATE_KEY, end)
        };
        let base64 = self.body.get(skip..).unwrap_or_default();
        let mut text = Zeroizing::new(Vec::with_capacity(base64.len().saturating_add(96)));
        text.extend_from_slice(format!("-----BEGIN {label}-----\n").as_bytes());
        text.extend_from_slice(base64);
        text.extend_from_slice(format!("\n-----END {label}-----\n").as_bytes());
        let mut found = <(SectionKind, Vec<u8>)>::pem_slice_iter(&text);
        match (found.next(), found.next()) {
            (Some(Ok((_, der))), None) => Ok(Zeroizing::new(der)),
            // Its error quotes the offending character, which may be one of a key.
            _ => Err(self.error(MaterialProblem::Base64)),
        }
    }
}

/// Lines with their offsets. A lone CR ends a line too, as it does for pki-types.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0_usize;
    text.split(|byte| matches!(byte, b'\n' | b'\r'))
        .map(move |line| {
            let start = at;
            at = at.saturating_add(line.len()).saturating_add(1);
            (start, line)
        })
}

/// Names and values of the leading `Name: value` lines, and where each line ends.
fn header_lines(body: &[u8]) -> impl Iterator<Item = (&str, &str, usize)> {
    lines(body)
        // CR LF leaves an empty line between any two.
        .filter(|(_, line)| !line.trim_ascii().is_empty())
        .map_while(|(at, line)| {
            let (name, value) = core::str::from_utf8(line).ok()?.split_once(':')?;
            Some((name.trim(), value.trim(), at.saturating_add(line.len())))
        })
}
