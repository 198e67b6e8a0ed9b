//! Excerpts of long texts, and quoted strings.

use core::fmt::{self, Write};

use crate::x509::is_hidden;

/// The most entries of a list in a message.
pub(in crate::policy::matcher) const SHOWN: usize = 4;
/// The most bytes of one entry in a message. Of a longer list only the name is shown.
const SHOWN_BYTES: usize = 256;

/// Truncates a text that is too long for a message.
pub(in crate::policy::matcher) fn shorten(mut text: String) -> String {
    let mut ends = text.char_indices().map(|(at, _)| at);
    if let Some(end) = ends.find(|at| *at >= SHOWN_BYTES) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Returns the summary of a list, from those of its entries.
pub(in crate::policy::matcher) fn summary_of(
    list: &str,
    entries: impl Iterator<Item = String>,
    count: usize,
) -> Box<str> {
    let mut shown: Vec<String> = entries
        .take(SHOWN)
        .map(|entry| {
            if entry.len() > SHOWN_BYTES && !entry.ends_with('…') {
                let name = entry.split('(').next().unwrap_or_default();
                format!("{name}(…)")
            } else {
                entry
            }
        })
        .collect();
    let more = count.saturating_sub(SHOWN);
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    format!("{list}({})", shown.join(", ")).into()
}

pub(in crate::policy::matcher) fn quote(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            _ if is_hidden(c) => write!(f, "\\u{{{:x}}}", u32::from(c))?,
            _ => f.write_char(c)?,
        }
    }
    f.write_char('"')
}
