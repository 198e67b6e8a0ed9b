//! A matcher in words: whole, as it can be parsed again, and short, as it stands in messages.

use core::fmt::{self, Write};
use std::borrow::Cow;

use super::pattern::Pattern;
use super::{Node, PeerMatcher};
use crate::x509::is_hidden;

/// How many entries of a list stand in a message.
pub(super) const SHOWN: usize = 4;
/// Bytes of one entry in a message. A list that is longer is named and counted.
const SHOWN_BYTES: usize = 256;

impl PeerMatcher {
    /// The matcher for messages: bounded, however long its lists are, and made before a peer is refused.
    pub(in crate::policy) fn summary(&self) -> Cow<'_, str> {
        match &self.0 {
            Node::AllOf(all) => Cow::Borrowed(all.summary()),
            Node::AnyOf(any) => Cow::Borrowed(any.summary()),
            Node::Not(inner) => Cow::Owned(format!("not({})", inner.summary())),
            Node::Pattern(pattern) => Cow::Owned(brief(pattern)),
            Node::AnyAuthenticated | Node::Custom(_) => Cow::Owned(shorten(self.to_string())),
        }
    }
}

pub(super) fn brief(pattern: &Pattern) -> String {
    shorten(pattern.to_string())
}

/// The beginning of what is too long for a message.
pub(super) fn shorten(mut text: String) -> String {
    let mut ends = text.char_indices().map(|(at, _)| at);
    if let Some(end) = ends.find(|at| *at >= SHOWN_BYTES) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// The summary of a list, made of those of its entries.
pub(super) fn summary_of(
    list: &str,
    entries: impl Iterator<Item = String>,
    count: usize,
) -> Box<str> {
    let mut shown: Vec<String> = entries
        .take(SHOWN)
        .map(
            |entry| match entry.len() > SHOWN_BYTES && !entry.ends_with('…') {
                true => {
                    let name = entry.split('(').next().unwrap_or_default();
                    format!("{name}(…)")
                }
                false => entry,
            },
        )
        .collect();
    let more = count.saturating_sub(SHOWN);
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    format!("{list}({})", shown.join(", ")).into()
}

impl fmt::Display for PeerMatcher {
    /// The whole matcher, as `FromStr` reads it. Lists of patterns are sorted, and no pattern stands twice.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Node::AnyAuthenticated => f.write_str("any_authenticated()"),
            Node::Pattern(pattern) => pattern.fmt(f),
            Node::Not(inner) => write!(f, "not({inner})"),
            Node::AllOf(all) => {
                f.write_str("all_of(")?;
                separated(f, all.matchers(), false)?;
                f.write_char(')')
            }
            Node::AnyOf(any) => {
                let mut patterns: Vec<Pattern> = any.index().patterns().collect();
                patterns.sort_unstable();
                f.write_str("any_of(")?;
                separated(f, &patterns, false)?;
                separated(f, any.others(), !patterns.is_empty())?;
                f.write_char(')')
            }
            Node::Custom(custom) => {
                f.write_str("custom(")?;
                quote(f, &custom.name)?;
                f.write_char(')')
            }
        }
    }
}

impl fmt::Debug for PeerMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerMatcher({})", self.summary())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.kind.name())?;
        quote(f, &self.value.to_string())?;
        f.write_char(')')
    }
}

fn separated<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    entries: &[T],
    mut comma: bool,
) -> fmt::Result {
    for entry in entries {
        if comma {
            f.write_str(", ")?;
        }
        comma = true;
        entry.fmt(f)?;
    }
    Ok(())
}

fn quote(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
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
