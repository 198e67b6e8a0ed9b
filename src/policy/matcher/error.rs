use core::fmt;
use std::borrow::Cow;

use super::pattern::problem::{MERGE_LISTS, PatternProblem};
use super::text::excerpt::shorten;
use super::text::expected::ExpectedToken;

/// The error of making or parsing a [`PeerMatcher`](crate::PeerMatcher).
///
/// ```
/// use mtls::PeerMatcher;
/// use mtls::error::MatcherProblem;
///
/// let text = "any_of(\n  dns(\"a.example\") dns(\"b.example\"))";
/// let error = text.parse::<PeerMatcher>().unwrap_err();
/// assert_eq!(error.hint(), "separate the entries of a list by `,`, and end it by `)`");
/// assert_eq!(error.position(), Some((2, 20)));
/// assert!(matches!(error.problem(), MatcherProblem::Unexpected { .. }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatcherError {
    /// Line and column, for a text.
    position: Option<(usize, usize)>,
    problem: MatcherProblem,
}

/// The fault of a matcher or of its text.
///
/// ```
/// use mtls::PeerMatcher;
/// use mtls::error::MatcherProblem;
///
/// let error = PeerMatcher::dns("*.example").unwrap_err();
/// assert!(matches!(error.problem(), MatcherProblem::Pattern { matcher: "dns", .. }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MatcherProblem {
    /// A custom matcher is code and cannot be parsed.
    #[error("a custom matcher is code and cannot be parsed")]
    Custom,
    /// The argument of a constructor can never match, or would match too much.
    #[error("{matcher}({value:?}): {problem}")]
    Pattern {
        /// The name of the constructor.
        matcher: &'static str,
        /// The argument, at most 256 bytes of it.
        value: String,
        /// The fault of the argument.
        problem: PatternProblem,
    },
    /// Lists are nested more than [`MAX_DEPTH`](crate::PeerMatcher::MAX_DEPTH) deep.
    #[error("lists are nested more than {0} deep")]
    TooDeep(usize),
    /// The text has more than [`MAX_TEXT_BYTES`](crate::PeerMatcher::MAX_TEXT_BYTES).
    #[error("the text is longer than {0} bytes")]
    TooLong(usize),
    /// The text holds more than [`MAX_TEXT_MATCHERS`](crate::PeerMatcher::MAX_TEXT_MATCHERS).
    #[error("the text holds more than {0} matchers")]
    TooMany(usize),
    /// Another token is expected at this position.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// The token at this position.
        found: String,
        /// The tokens that are allowed at this position.
        expected: ExpectedToken,
    },
}

impl MatcherProblem {
    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Custom => "leave it out of the text, and add it in code by `PeerMatcher::custom`",
            Self::Pattern { problem, .. } => return problem.hint(),
            Self::TooDeep(_) => MERGE_LISTS,
            Self::TooLong(_) | Self::TooMany(_) => {
                "parse the text in parts, and join them by `PeerMatcher::any_of` or `all_of`"
            }
            Self::Unexpected { expected, .. } => return expected.hint(),
        })
    }
}

impl MatcherError {
    /// Creates an error at the byte offset `at` of `text`.
    pub(crate) fn new(text: &str, at: usize, problem: MatcherProblem) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let lines = before.matches('\n').count();
        let last = before.rsplit('\n').next().unwrap_or_default();
        let column = last.chars().count().saturating_add(1);
        Self {
            position: Some((lines.saturating_add(1), column)),
            problem,
        }
    }

    /// Returns line and column in a text, the column in characters, both from 1.
    ///
    /// `None` for the error of a constructor.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.position
    }

    /// Returns the fault.
    pub fn problem(&self) -> &MatcherProblem {
        &self.problem
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        self.problem.hint()
    }
}

impl core::error::Error for MatcherError {}

impl fmt::Display for MatcherError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.position {
            write!(f, "line {line}, column {column}: ")?;
        }
        self.problem.fmt(f)
    }
}

pub(super) fn invalid(matcher: &'static str, value: &str, problem: PatternProblem) -> MatcherError {
    MatcherError {
        position: None,
        problem: MatcherProblem::Pattern {
            matcher,
            value: shorten(value.to_owned()),
            problem,
        },
    }
}
