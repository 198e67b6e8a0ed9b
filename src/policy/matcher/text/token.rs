//! The tokens of a matcher's text.

use std::borrow::Cow;

use super::expected::ExpectedToken;
use crate::policy::matcher::error::{MatcherError, MatcherProblem};
use crate::x509::is_hidden;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    Name(&'a str),
    Text(Cow<'a, str>),
    Open,
    Close,
    Comma,
    End,
}

/// A tokenizer of a text.
pub(crate) struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

/// The most bytes of an unexpected name in an error.
const SHOWN_BYTES: usize = 40;

impl<'a> Tokens<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Returns the next token and its offset.
    pub(crate) fn next(&mut self) -> Result<(usize, Token<'a>), MatcherError> {
        self.skip_blank();
        let from = self.at;
        let Some(first) = self.rest().chars().next() else {
            return Ok((from, Token::End));
        };
        let token = match first {
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            '"' => return Ok((from, Token::Text(self.string()?))),
            'a'..='z' => {
                let rest = self.rest();
                let end = rest.find(|c: char| !matches!(c, 'a'..='z' | '0'..='9' | '_'));
                let (name, _) = rest.split_at(end.unwrap_or(rest.len()));
                self.at = self.at.saturating_add(name.len());
                return Ok((from, Token::Name(name)));
            }
            _ => {
                return Err(self.unexpected(from, &character(first), ExpectedToken::Token));
            }
        };
        self.at = self.at.saturating_add(1);
        Ok((from, token))
    }

    pub(crate) fn unexpected(
        &self,
        at: usize,
        found: &str,
        expected: ExpectedToken,
    ) -> MatcherError {
        self.problem(
            at,
            MatcherProblem::Unexpected {
                found: found.to_owned(),
                expected,
            },
        )
    }

    pub(crate) fn problem(&self, at: usize, problem: MatcherProblem) -> MatcherError {
        MatcherError::new(self.text, at, problem)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.trim_start_matches([' ', '\t', '\r', '\n']);
            let next = match blank.strip_prefix('#') {
                Some(comment) => comment.trim_start_matches(|c| c != '\n'),
                None => blank,
            };
            self.at = self.text.len().saturating_sub(next.len());
            if next.len() == blank.len() {
                return;
            }
        }
    }

    /// Reads a string in double quotes; borrows it if it has no escapes.
    fn string(&mut self) -> Result<Cow<'a, str>, MatcherError> {
        self.at = self.at.saturating_add(1);
        let mut unescaped: Option<String> = None;
        let from = self.at;
        loop {
            let at = self.at;
            let Some(c) = self.rest().chars().next() else {
                return Err(self.unexpected(
                    at,
                    "the end of the text",
                    ExpectedToken::ClosingQuote,
                ));
            };
            self.at = self.at.saturating_add(c.len_utf8());
            let meant = match c {
                '"' => {
                    let whole = self.text.get(from..at).unwrap_or_default();
                    return Ok(unescaped.map_or(Cow::Borrowed(whole), Cow::Owned));
                }
                '\\' => {
                    let before = self.text.get(from..at).unwrap_or_default();
                    unescaped.get_or_insert_with(|| before.to_owned());
                    self.escape(at)?
                }
                _ if is_hidden(c) => {
                    return Err(self.unexpected(
                        at,
                        &character(c),
                        ExpectedToken::VisibleCharacter,
                    ));
                }
                _ => c,
            };
            if let Some(text) = &mut unescaped {
                text.push(meant);
            }
        }
    }

    /// Reads the character after a backslash.
    fn escape(&mut self, at: usize) -> Result<char, MatcherError> {
        let rest = self.rest();
        if let Some(c @ ('"' | '\\')) = rest.chars().next() {
            self.at = self.at.saturating_add(1);
            return Ok(c);
        }
        let code = rest
            .strip_prefix("u{")
            .and_then(|rest| rest.split_once('}'))
            .filter(|(digits, _)| {
                (1..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit())
            })
            .and_then(|(digits, rest)| Some((u32::from_str_radix(digits, 16).ok()?, rest)))
            .and_then(|(code, rest)| Some((char::from_u32(code)?, rest)));
        let Some((c, rest)) = code else {
            return Err(self.unexpected(at, "another escape", ExpectedToken::Escape));
        };
        self.at = self.text.len().saturating_sub(rest.len());
        Ok(c)
    }
}

impl Token<'_> {
    /// Describes the token for an error.
    pub(crate) fn found(&self) -> String {
        match self {
            Self::Name(name) if name.len() > SHOWN_BYTES => "a long name".to_owned(),
            Self::Name(name) => format!("`{name}`"),
            Self::Text(_) => "a string".to_owned(),
            Self::Open => "`(`".to_owned(),
            Self::Close => "`)`".to_owned(),
            Self::Comma => "`,`".to_owned(),
            Self::End => "the end of the text".to_owned(),
        }
    }
}

/// Describes an unexpected character, without printing a hidden one.
fn character(c: char) -> String {
    if is_hidden(c) {
        format!("U+{:04X}", u32::from(c))
    } else {
        format!("`{c}`")
    }
}
