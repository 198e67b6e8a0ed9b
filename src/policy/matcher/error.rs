use super::text::excerpt::shorten;
use crate::error::BuildError;

/// The error of parsing a [`PeerMatcher`](crate::PeerMatcher), with its position.
///
/// ```
/// let error = "any_of(\n  dns(\"a.example\") spki_sha256(\"\"))".parse::<mtls::PeerMatcher>().unwrap_err();
/// assert_eq!(error.to_string(), "line 2, column 20: expected `,` or `)`, found `spki_sha256`");
/// assert_eq!((error.line(), error.column()), (2, 20));
/// ```
#[derive(Debug, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct MatcherError {
    line: usize,
    column: usize,
    problem: MatcherProblem,
    source: Option<Box<BuildError>>,
}

/// The fault in the text of a matcher.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MatcherProblem {
    /// A custom matcher is code and cannot be parsed.
    #[error(
        "a custom matcher is code and cannot be read from a text; add it by `PeerMatcher::custom`"
    )]
    Custom,
    /// A constructor returned an error; the source is its [`BuildError`].
    #[error("`{matcher}` cannot be made of this: {problem}")]
    Pattern {
        /// The name of the constructor.
        matcher: &'static str,
        /// The fault of the argument.
        problem: String,
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
        expected: String,
    },
}

impl MatcherError {
    /// Creates an error at the byte offset `at` of `text`.
    pub(crate) fn new(text: &str, at: usize, problem: MatcherProblem) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let lines = before.matches('\n').count();
        let last = before.rsplit('\n').next().unwrap_or_default();
        Self {
            line: lines.saturating_add(1),
            column: last.chars().count().saturating_add(1),
            problem,
            source: None,
        }
    }

    pub(crate) fn caused_by(mut self, source: BuildError) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// Returns the line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Returns the column in characters, from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// Returns the fault.
    pub fn problem(&self) -> &MatcherProblem {
        &self.problem
    }
}

pub(super) fn invalid(
    matcher: &'static str,
    value: &str,
    problem: impl Into<String>,
) -> BuildError {
    BuildError::InvalidPattern {
        matcher,
        value: shorten(value.to_owned()),
        problem: problem.into(),
    }
}
