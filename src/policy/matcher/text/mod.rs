//! The text of a matcher: whole, so that it can be parsed again, and as a summary for messages.

pub(super) mod excerpt;
pub(crate) mod expected;
mod parse;
mod token;

use core::fmt::{self, Write};
use std::borrow::Cow;

use super::pattern::Pattern;
use super::tree::{Node, PeerMatcher};
use excerpt::{quote, shorten};

impl PeerMatcher {
    /// Returns the matcher for messages: of bounded length, and computed before a peer is rejected.
    pub(in crate::policy) fn summary(&self) -> Cow<'_, str> {
        match &self.0 {
            Node::AllOf(all) => Cow::Borrowed(all.summary()),
            Node::AnyOf(any) => Cow::Borrowed(any.summary()),
            Node::Not(inner) => Cow::Owned(format!("not({})", inner.summary())),
            Node::Pattern(pattern) => Cow::Owned(shorten(pattern.to_string())),
            Node::AnyAuthenticated | Node::Custom(_) => Cow::Owned(shorten(self.to_string())),
        }
    }
}

impl fmt::Display for PeerMatcher {
    /// Writes the whole matcher in the form that `FromStr` parses. Lists of patterns are sorted,
    /// without duplicates.
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
