//! Parsing of a matcher's text.

use core::str::FromStr;

use super::expected::ExpectedToken;
use super::token::{Token, Tokens};
use crate::policy::matcher::attribute::Kind;
use crate::policy::matcher::error::{MatcherError, MatcherProblem};
use crate::policy::matcher::limits::MAX_DEPTH;
use crate::policy::matcher::tree::PeerMatcher;

impl FromStr for PeerMatcher {
    type Err = MatcherError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parser = Parser {
            tokens: Tokens::new(text),
            matchers: 0,
        };
        if text.len() > Self::MAX_TEXT_BYTES {
            let problem = MatcherProblem::TooLong(Self::MAX_TEXT_BYTES);
            return Err(parser.tokens.problem(0, problem));
        }
        let (at, token) = parser.tokens.next()?;
        let matcher = parser.matcher(at, token, 0)?;
        match parser.tokens.next()? {
            (_, Token::End) => Ok(matcher),
            (at, token) => Err(parser.unexpected(at, &token, ExpectedToken::End)),
        }
    }
}

struct Parser<'a> {
    tokens: Tokens<'a>,
    matchers: usize,
}

impl<'a> Parser<'a> {
    /// Parses a matcher whose name is `token`, within `depth` lists.
    fn matcher(
        &mut self,
        mut at: usize,
        mut token: Token<'a>,
        depth: usize,
    ) -> Result<PeerMatcher, MatcherError> {
        // Counted rather than nested: a thousand negations need no recursion.
        let mut negations = 0_usize;
        while token == Token::Name("not") {
            self.count(at)?;
            self.expect(&Token::Open, ExpectedToken::Open)?;
            negations = negations.saturating_add(1);
            (at, token) = self.tokens.next()?;
        }
        let matcher = self.positive(at, token, depth)?;
        for _ in 0..negations {
            self.expect(&Token::Close, ExpectedToken::Close)?;
        }
        Ok(match negations % 2 {
            0 => matcher,
            _ => PeerMatcher::not(matcher),
        })
    }

    fn positive(
        &mut self,
        at: usize,
        token: Token<'a>,
        depth: usize,
    ) -> Result<PeerMatcher, MatcherError> {
        let Token::Name(name) = token else {
            return Err(self.unexpected(at, &token, ExpectedToken::Matcher));
        };
        self.count(at)?;
        match name {
            "any_authenticated" => {
                self.expect(&Token::Open, ExpectedToken::Open)?;
                self.expect(&Token::Close, ExpectedToken::Close)?;
                Ok(PeerMatcher::any_authenticated())
            }
            "any_of" => {
                let list = self.list(at, depth)?;
                PeerMatcher::any_of(list).map_err(|error| self.located(at, &error))
            }
            "all_of" => {
                let list = self.list(at, depth)?;
                PeerMatcher::all_of(list).map_err(|error| self.located(at, &error))
            }
            "custom" => Err(self.tokens.problem(at, MatcherProblem::Custom)),
            _ => match Kind::ALL.iter().find(|kind| kind.name() == name) {
                Some(kind) => self.pattern(at, *kind),
                None => Err(self.unexpected(at, &token, ExpectedToken::MatcherName)),
            },
        }
    }

    fn list(&mut self, at: usize, depth: usize) -> Result<Vec<PeerMatcher>, MatcherError> {
        let depth = depth.saturating_add(1);
        if depth > MAX_DEPTH {
            let problem = MatcherProblem::TooDeep(MAX_DEPTH);
            return Err(self.tokens.problem(at, problem));
        }
        self.expect(&Token::Open, ExpectedToken::Open)?;
        let mut list = Vec::new();
        loop {
            let (at, token) = self.tokens.next()?;
            if token == Token::Close {
                return Ok(list);
            }
            list.push(self.matcher(at, token, depth)?);
            match self.tokens.next()? {
                (_, Token::Comma) => {}
                (_, Token::Close) => return Ok(list),
                (at, token) => {
                    return Err(self.unexpected(at, &token, ExpectedToken::ListSeparator));
                }
            }
        }
    }

    fn pattern(&mut self, at: usize, kind: Kind) -> Result<PeerMatcher, MatcherError> {
        self.expect(&Token::Open, ExpectedToken::Open)?;
        let argument = match self.tokens.next()? {
            (_, Token::Text(argument)) => argument,
            (at, token) => return Err(self.unexpected(at, &token, ExpectedToken::Argument)),
        };
        self.expect(&Token::Close, ExpectedToken::Close)?;
        PeerMatcher::parsed(kind, &argument).map_err(|error| self.located(at, &error))
    }

    fn expect(&mut self, wanted: &Token<'_>, expected: ExpectedToken) -> Result<(), MatcherError> {
        match self.tokens.next()? {
            (_, token) if token == *wanted => Ok(()),
            (at, token) => Err(self.unexpected(at, &token, expected)),
        }
    }

    fn count(&mut self, at: usize) -> Result<(), MatcherError> {
        self.matchers = self.matchers.saturating_add(1);
        if self.matchers > PeerMatcher::MAX_TEXT_MATCHERS {
            let problem = MatcherProblem::TooMany(PeerMatcher::MAX_TEXT_MATCHERS);
            Err(self.tokens.problem(at, problem))
        } else {
            Ok(())
        }
    }

    /// Adds the position to the error of a constructor.
    fn located(&self, at: usize, error: &MatcherError) -> MatcherError {
        self.tokens.problem(at, error.problem().clone())
    }

    fn unexpected(&self, at: usize, found: &Token<'_>, expected: ExpectedToken) -> MatcherError {
        self.tokens.unexpected(at, &found.found(), expected)
    }
}
