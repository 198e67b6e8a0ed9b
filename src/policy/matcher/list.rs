//! `any_of` and `all_of`: what is known of them before a peer is seen.

use std::sync::Arc;

use super::index::Index;
use super::text::{SHOWN, brief, summary_of};
use super::{MAX_DEPTH, Node, PeerMatcher, invalid};
use crate::error::BuildError;

/// Patterns by look-up, everything else one by one.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct AnyOf {
    index: Index,
    others: Vec<PeerMatcher>,
    depth: usize,
    /// Made once: a refusal must not cost more for a longer list.
    summary: Box<str>,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct AllOf {
    matchers: Vec<PeerMatcher>,
    depth: usize,
    summary: Box<str>,
}

impl AnyOf {
    /// One list within another is one list, so that it stays one look-up.
    pub(super) fn new(matchers: impl IntoIterator<Item = PeerMatcher>) -> Result<Self, BuildError> {
        let mut index = Index::default();
        let mut others = Vec::new();
        for matcher in matchers {
            match matcher.0 {
                Node::Pattern(pattern) => index.insert(pattern),
                Node::AnyOf(inner) if index.is_empty() && others.is_empty() => {
                    let inner = Arc::unwrap_or_clone(inner);
                    (index, others) = (inner.index, inner.others);
                }
                Node::AnyOf(inner) => {
                    inner.index.patterns().for_each(|p| index.insert(p));
                    others.extend(inner.others.iter().cloned());
                }
                _ => others.push(matcher),
            }
        }
        let depth = depth_over("any_of", &others)?;
        let count = index.len().saturating_add(others.len());
        if count == 0 {
            return Err(invalid("any_of", "", "the list is empty"));
        }
        let first = index
            .first(SHOWN)
            .into_iter()
            .map(|pattern| brief(&pattern));
        let entries = first.chain(others.iter().map(|m| m.summary().into_owned()));
        let summary = summary_of("any_of", entries, count);
        Ok(Self {
            index,
            others,
            depth,
            summary,
        })
    }

    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    pub(super) fn others(&self) -> &[PeerMatcher] {
        &self.others
    }

    pub(super) fn len(&self) -> usize {
        self.index.len().saturating_add(self.others.len())
    }

    pub(super) fn summary(&self) -> &str {
        &self.summary
    }
}

impl AllOf {
    pub(super) fn new(given: impl IntoIterator<Item = PeerMatcher>) -> Result<Self, BuildError> {
        let mut matchers = Vec::new();
        for matcher in given {
            match matcher.0 {
                Node::AllOf(inner) => matchers.extend(Arc::unwrap_or_clone(inner).matchers),
                _ => matchers.push(matcher),
            }
        }
        if matchers.is_empty() {
            return Err(invalid("all_of", "", "the list is empty"));
        }
        let entries = matchers.iter().map(|m| m.summary().into_owned());
        Ok(Self {
            depth: depth_over("all_of", &matchers)?,
            summary: summary_of("all_of", entries, matchers.len()),
            matchers,
        })
    }

    pub(super) fn matchers(&self) -> &[PeerMatcher] {
        &self.matchers
    }

    pub(super) fn summary(&self) -> &str {
        &self.summary
    }
}

/// The depth of a list with these in it, which is bounded since everything about a matcher is recursive.
fn depth_over(list: &'static str, matchers: &[PeerMatcher]) -> Result<usize, BuildError> {
    let deepest = matchers.iter().map(depth).max().unwrap_or(0);
    match deepest.saturating_add(1) {
        depth @ ..=MAX_DEPTH => Ok(depth),
        _ => {
            let problem = format!("lists are nested more than {MAX_DEPTH} deep");
            Err(invalid(list, "", problem))
        }
    }
}

/// How many lists are nested in each other.
fn depth(matcher: &PeerMatcher) -> usize {
    match &matcher.0 {
        Node::AllOf(all) => all.depth,
        Node::AnyOf(any) => any.depth,
        Node::Not(inner) => depth(inner),
        Node::AnyAuthenticated | Node::Custom(_) | Node::Pattern(_) => 0,
    }
}
