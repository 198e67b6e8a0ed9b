//! The sections of a PEM text (RFC 7468).
//!
//! rustls-pki-types decodes them, one at a time. With a whole file it would skip what it does not
//! understand, so the sections are found and counted here first, and every fault is an error of its
//! own.

pub(crate) mod expected;
pub(crate) mod label;
pub(crate) mod marker;
pub(crate) mod unexpected_input;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;
use base64ct::{Base64, Encoding};
use pki_types::pem::{PemObject, SectionKind};
use zeroize::Zeroizing;

use crate::error::{MaterialError, MaterialLocation, MaterialProblem};
use expected::ExpectedContent;
use marker::Marker;

const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

/// One section whose text is not yet decoded.
#[derive(Clone, Debug)]
pub(crate) struct Section<'a> {
    pub(super) index: usize,
    pub(super) offset: usize,
    pub(super) label: &'a str,
    /// Everything between the marker lines.
    body: &'a [u8],
    /// The section with its marker lines.
    whole: &'a [u8],
}

/// Returns every section of `input`, in order; at least one.
pub(super) fn sections(input: &[u8], limit: usize) -> Result<Vec<Section<'_>>, MaterialError> {
    let text = input.strip_prefix(UTF8_BOM).unwrap_or(input);
    let start = input.len().saturating_sub(text.len());
    let mut sections: Vec<Section<'_>> = Vec::new();
    let mut open: Option<(usize, &str, usize)> = None;
    for (at, line) in lines_with_dashes(text) {
        let offset = at.saturating_add(start);
        let place = || MaterialLocation {
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
                let (begin, end) = (offset.saturating_sub(start), at.saturating_add(line.len()));
                sections.push(Section {
                    index: sections.len(),
                    offset,
                    label: label::today(label),
                    body: text.get(body..at).unwrap_or_default(),
                    whole: text.get(begin..end).unwrap_or_default(),
                });
                open = None;
            }
        }
    }
    if let Some((offset, label, _)) = open {
        let place = MaterialLocation {
            index: sections.len(),
            offset: Some(offset),
            label: Some(label.to_owned()),
        };
        let label = label.to_owned();
        return Err(MaterialError::from(MaterialProblem::MissingEnd { label }).at(place));
    }
    if sections.is_empty() {
        return Err(unexpected_input::instead_of_pem(input).into());
    }
    Ok(sections)
}

/// Returns the error for sections that hold parameters but nothing expected.
pub(super) fn parameters_alone(
    sections: &[Section<'_>],
    wanted: ExpectedContent,
) -> Option<MaterialError> {
    let parameters = sections.iter().find(|s| label::is_parameters(s.label))?;
    Some(parameters.error(label::unexpected(parameters.label, wanted)))
}

impl<'a> Section<'a> {
    pub(super) fn place(&self) -> MaterialLocation {
        MaterialLocation {
            index: self.index,
            offset: Some(self.offset),
            label: Some(self.label.to_owned()),
        }
    }

    pub(super) fn error(&self, problem: MaterialProblem) -> MaterialError {
        MaterialError::from(problem).at(self.place())
    }

    /// Returns the headers before the base64 of a key encrypted by old OpenSSL.
    ///
    /// RFC 1421, section 4.6, defines them.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        header_lines(self.body).map(|(name, value, _)| (name, value))
    }

    /// Returns whether a header marks the section as encrypted.
    pub(super) fn has_encryption_header(&self) -> bool {
        self.headers()
            .any(|(name, value)| name == "Proc-Type" && value.ends_with("ENCRYPTED"))
    }

    /// Decodes public content, a certificate or a revocation list, without a copy of the text.
    pub(super) fn decode_public(&self) -> Result<Vec<u8>, MaterialError> {
        match decode_lines(self.body).or_else(|| decode_text(self.whole)) {
            Some(der) => Ok(der),
            // pki-types accepts blanks after BEGIN, but not the tabs that we accept too.
            None => Ok(core::mem::take(&mut *self.decode()?)),
        }
    }

    pub(super) fn decode(&self) -> Result<Zeroizing<Vec<u8>>, MaterialError> {
        // Only keys have headers; the base64 begins after the last one.
        let skip = match self.label {
            label::CERTIFICATE | label::X509_CRL => 0,
            _ => header_lines(self.body).last().map_or(0, |(_, _, end)| end),
        };
        let base64 = self.body.get(skip..).unwrap_or_default();
        // In one buffer that never grows: pki-types leaves the text of a key behind in memory.
        let mut bytes = Zeroizing::new(Vec::with_capacity(base64.len()));
        bytes.extend(base64.iter().filter(|byte| !byte.is_ascii_whitespace()));
        // The position of the fault is no secret, but of no use either.
        let decoded =
            Base64::decode_in_place(&mut bytes).map_err(|_| self.error(MaterialProblem::Base64))?;
        let length = decoded.len();
        bytes.truncate(length);
        Ok(bytes)
    }
}

/// Decodes base64 as tools write it; `None` for any other text.
///
/// Bundles hold hundreds of certificates. This takes a quarter of the time of the decoder of
/// rustls-pki-types, and looks values up by the text: it is not for keys.
fn decode_lines(body: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(body.len());
    for line in body.split(is_line_break) {
        text.extend_from_slice(line);
    }
    STANDARD.decode(text).ok()
}

/// Decodes a text of exactly one section.
fn decode_text(text: &[u8]) -> Option<Vec<u8>> {
    let mut found = <(SectionKind, Vec<u8>)>::pem_slice_iter(text);
    match (found.next(), found.next()) {
        (Some(Ok((_, der))), None) => Some(der),
        _ => None,
    }
}

/// Returns the [`lines`] that contain a dash: only they can be markers, and base64 has none.
fn lines_with_dashes(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0_usize;
    core::iter::from_fn(move || {
        let rest = text.get(at..)?;
        let dash = until_dash(rest)?;
        let (before, after) = rest.split_at_checked(dash)?;
        let line_start = before.iter().rposition(is_line_break);
        let line_start = line_start.map_or(0, |found| found.saturating_add(1));
        let line_end = after.iter().position(is_line_break);
        let line_end = line_end.map_or(rest.len(), |found| dash.saturating_add(found));
        let start = at.saturating_add(line_start);
        at = at.saturating_add(line_end).saturating_add(1);
        Some((start, rest.get(line_start..line_end)?))
    })
}

/// Returns the position of the first dash.
///
/// Whole blocks are searched without an early exit, so that the compiler can compare many bytes at
/// once; the search then is as fast as memory.
fn until_dash(text: &[u8]) -> Option<usize> {
    const BLOCK: usize = 64;
    let is_dash = |byte: &u8| *byte == b'-';
    let has_dash = |block: &[u8]| {
        block
            .iter()
            .fold(false, |found, byte| found | is_dash(byte))
    };
    let start = text.chunks(BLOCK).position(has_dash)?.saturating_mul(BLOCK);
    let dash = text.get(start..)?.iter().position(is_dash)?;
    Some(start.saturating_add(dash))
}

fn is_line_break(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Returns lines with their offsets. A single CR ends a line too, as in pki-types.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0_usize;
    text.split(is_line_break).map(move |line| {
        let start = at;
        at = at.saturating_add(line.len()).saturating_add(1);
        (start, line)
    })
}

/// Returns names and values of the leading `Name: value` lines, and the end of each line.
fn header_lines(body: &[u8]) -> impl Iterator<Item = (&str, &str, usize)> {
    lines(body)
        // CR LF leaves an empty line between any two.
        .filter(|(_, line)| !line.trim_ascii().is_empty())
        .map_while(|(at, line)| {
            let (name, value) = core::str::from_utf8(line).ok()?.split_once(':')?;
            Some((name.trim(), value.trim(), at.saturating_add(line.len())))
        })
}
