//! The lines that begin and end a PEM section (RFC 7468, section 3).

use crate::error::{MaterialError, MaterialProblem};

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";
const DASHES: &str = "-----";

#[derive(Clone, Copy, Debug)]
pub(crate) enum Marker<'a> {
    Begin(&'a str),
    End(&'a str),
}

impl<'a> Marker<'a> {
    /// Reads a marker line; `None` for other text, an error for a damaged marker.
    ///
    /// The cost is high for long lines: call it only for lines with a dash, which base64 does not
    /// contain.
    pub(crate) fn read(line: &'a [u8]) -> Result<Option<Self>, MaterialError> {
        let line = line.trim_ascii_end();
        let marker = if let Some(rest) = line.strip_prefix(BEGIN) {
            label(rest).map(Self::Begin)
        } else if let Some(rest) = line.strip_prefix(END) {
            label(rest).map(Self::End)
        } else if looks_like_marker(line) {
            None
        } else {
            return Ok(None);
        };
        match marker {
            Some(marker) => Ok(Some(marker)),
            None => Err(flaw(line).into()),
        }
    }
}

/// Returns the label of a marker.
///
/// Messages contain labels. Usual ones are a few words; anything else may be a part of a key whose
/// line breaks were lost.
fn label(rest: &[u8]) -> Option<&str> {
    const MAX_BYTES: usize = 64;
    const MAX_WORD_BYTES: usize = 16;
    let label = core::str::from_utf8(rest).ok()?.strip_suffix(DASHES)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || " .-_#".contains(c);
    ((1..=MAX_BYTES).contains(&label.len())
        && !contains(label.as_bytes(), DASHES.as_bytes())
        && label.split(' ').all(|word| word.len() <= MAX_WORD_BYTES)
        && label.chars().all(plain))
    .then_some(label)
}

fn looks_like_marker(line: &[u8]) -> bool {
    let dashed = line.trim_ascii_start().starts_with(b"--");
    contains(line, BEGIN)
        || contains(line, END)
        || (dashed && (contains(line, b"BEGIN ") || contains(line, b"END ")))
}

fn flaw(line: &[u8]) -> MaterialProblem {
    let indented = line.trim_ascii_start();
    let marked = line.strip_prefix(UTF8_BOM).unwrap_or_default();
    if marked.starts_with(BEGIN) {
        MaterialProblem::ByteOrderMark
    } else if contains(line, b"\\n") {
        MaterialProblem::LiteralLineBreaks
    } else if contains(line, END) && contains(line, BEGIN) && !line.starts_with(BEGIN) {
        MaterialProblem::EndAndBeginShareLine
    } else if indented.len() < line.len()
        && (indented.starts_with(BEGIN) || indented.starts_with(END))
    {
        MaterialProblem::IndentedMarker
    } else {
        MaterialProblem::DamagedMarker
    }
}

fn contains(line: &[u8], needle: &[u8]) -> bool {
    line.windows(needle.len()).any(|window| window == needle)
}
