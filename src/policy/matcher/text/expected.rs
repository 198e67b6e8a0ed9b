use core::fmt;
use std::borrow::Cow;

use crate::policy::matcher::attribute::Kind;

/// What a matcher's text must have at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExpectedToken {
    /// A string in double quotes.
    Argument,
    /// `)`.
    Close,
    /// The `"` that closes a string.
    ClosingQuote,
    /// The end of the text.
    End,
    /// One of the escapes of a string.
    Escape,
    /// `,` or `)`.
    ListSeparator,
    /// A matcher.
    Matcher,
    /// The name of a matcher.
    MatcherName,
    /// `(`.
    Open,
    /// Any token.
    Token,
    /// A character of a string that can be seen, or its escape.
    VisibleCharacter,
}

impl ExpectedToken {
    /// Returns how to write it.
    pub(in crate::policy::matcher) fn hint(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Argument => "put the argument in double quotes, as in `dns(\"a.example\")`",
            Self::Close => {
                "close the parenthesis by `)`; only `any_of` and `all_of` have several entries"
            }
            Self::ClosingQuote => "close the string by `\"`, and write a quote in it as `\\\"`",
            Self::End => {
                "remove what follows the matcher; join several by `any_of(..)` or `all_of(..)`"
            }
            Self::Escape => "write a backslash in a string as `\\\\`",
            Self::ListSeparator => "separate the entries of a list by `,`, and end it by `)`",
            Self::Matcher => "write a matcher here, such as `dns(\"a.example\")`",
            Self::MatcherName => return format!("use one of {}", names().join(", ")).into(),
            Self::Open => "write the argument or the list after the name, in parentheses",
            Self::Token => {
                "write the names of matchers in lower case, and everything else in double quotes; `#` begins a comment"
            }
            Self::VisibleCharacter => {
                "write the character as `\\u{..}`, with its number in hexadecimal"
            }
        })
    }
}

impl fmt::Display for ExpectedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Argument => "a string in double quotes",
            Self::Close => "`)`",
            Self::ClosingQuote => "a closing `\"`",
            Self::End => "the end of the text",
            Self::Escape => "`\\\"`, `\\\\` or `\\u{..}` with a number in hexadecimal",
            Self::ListSeparator => "`,` or `)`",
            Self::Matcher => "a matcher",
            Self::MatcherName => "the name of a matcher",
            Self::Open => "`(`",
            Self::Token => "a matcher, a string, `,`, `)` or the end",
            Self::VisibleCharacter => "a visible character or `\\u{..}`",
        })
    }
}

/// Returns the names that are allowed in a text.
fn names() -> Vec<&'static str> {
    let lists = ["any_authenticated", "any_of", "all_of", "not"];
    let patterns = Kind::ALL.iter().map(|kind| kind.name());
    lists.into_iter().chain(patterns).collect()
}
