//! A matcher in words: whole, as it can be parsed again, and short, as it stands in messages.

pub(super) mod excerpt;
mod parse;
mod token;

use core::fmt::{self, Write};
use std::borrow::Cow;

use super::pattern::Pattern;
use super::tree::{Node, PeerMatcher};
use excerpt::{quote, shorten};

impl PeerMatcher {
    /// The matcher for messages: bounded, however long its lists are, and made before a peer is refused.
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
