//! Evaluation of a matcher for a peer.

use core::cell::RefCell;

use super::attribute::Kind;
use super::index::Index;
use super::pattern::PeerValue;
use super::tree::{AllOf, AnyOf, Node, PeerMatcher};
use super::view::PeerView;
use crate::peer::{Names, PeerIdentity, is_dns_name};
use crate::policy::verdict::explanation::{ExplanationStep, StepOutcome, Trace};
use crate::policy::verdict::rule::Rule;

impl PeerMatcher {
    /// Returns whether the matcher accepts `peer`.
    ///
    /// The error is the message of a custom matcher, if any.
    ///
    /// With `common_name_is_dns` a single common name replaces absent subject alternative names.
    pub(in crate::policy) fn accepts(
        &self,
        peer: &PeerIdentity,
        common_name_is_dns: bool,
        trace: &Trace,
    ) -> Result<(), Option<String>> {
        let dns_from_common_name = if common_name_is_dns {
            common_name_as_dns(peer.names())
        } else {
            None
        };
        let asked = MatchContext {
            peer,
            view: PeerView::new(peer, dns_from_common_name),
            trace,
            said: RefCell::new(None),
        };
        match asked.answer(self) {
            Ternary::Yes => Ok(()),
            Ternary::No | Ternary::Undecided => Err(asked.said.into_inner()),
        }
    }
}

/// Returns the single common name of a leaf without subject alternative names, in lower case.
///
/// Returns `None` if it is not a DNS name.
pub(in crate::policy) fn common_name_as_dns(names: Names<'_>) -> Option<String> {
    let name = names.common_name().filter(|name| is_dns_name(name))?;
    (!names.has_san()).then(|| name.to_ascii_lowercase())
}

/// The result in three values (Kleene's logic), so that `not` cannot accept an absent name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ternary {
    Yes,
    No,
    /// The peer has no such attribute, a value is ambiguous or unreadable, or a custom matcher
    /// rejects.
    Undecided,
}

impl Ternary {
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::No, Self::No) => Self::No,
            _ => Self::Undecided,
        }
    }

    fn negated(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Undecided => Self::Undecided,
        }
    }
}

struct MatchContext<'a> {
    peer: &'a PeerIdentity,
    view: PeerView<'a>,
    trace: &'a Trace,
    /// The last message of a custom matcher.
    said: RefCell<Option<String>>,
}

impl MatchContext<'_> {
    fn answer(&self, matcher: &PeerMatcher) -> Ternary {
        self.step(
            || match &matcher.0 {
                Node::AnyAuthenticated => Ternary::Yes,
                Node::Pattern(pattern) => self.any_value(pattern.kind, |seen| pattern.holds(seen)),
                Node::Not(inner) => self.answer(inner).negated(),
                Node::AllOf(all) => self.all_of(all),
                Node::AnyOf(any) => self.any_of(any),
                Node::Custom(custom) => match (custom.decide)(self.peer) {
                    Ok(()) => Ternary::Yes,
                    Err(reason) => {
                        self.said
                            .replace(Some(format!("{}: {reason}", custom.name)));
                        Ternary::Undecided
                    }
                },
            },
            |answer| self.about(matcher, answer),
        )
    }

    fn all_of(&self, all: &AllOf) -> Ternary {
        let mut answer = Ternary::Yes;
        for matcher in all.matchers() {
            match self.answer(matcher) {
                Ternary::Yes => {}
                Ternary::No => return Ternary::No,
                Ternary::Undecided => answer = Ternary::Undecided,
            }
        }
        answer
    }

    fn any_of(&self, any: &AnyOf) -> Ternary {
        let mut answer = if any.index().is_empty() {
            Ternary::No
        } else {
            self.step(
                || self.look_up(any.index()),
                |answer| self.about_listed(any, answer),
            )
        };
        for matcher in any.others() {
            if answer == Ternary::Yes {
                break;
            }
            answer = answer.or(self.answer(matcher));
        }
        answer
    }

    fn look_up(&self, index: &Index) -> Ternary {
        let mut answer = Ternary::No;
        for (kind, set) in index.sets() {
            answer = answer.or(self.any_value(*kind, |seen| set.holds(*kind, seen)));
            if answer == Ternary::Yes {
                break;
            }
        }
        answer
    }

    /// Returns whether one of the peer's values of an attribute matches.
    fn any_value(&self, kind: Kind, is_wanted: impl Fn(PeerValue<'_>) -> bool) -> Ternary {
        // Without a value there is nothing that `not` could match.
        let mut otherwise = Ternary::Undecided;
        let mut is_decided = true;
        let found = self.view.any(kind.attribute(), &mut |seen| {
            if seen.undecided(kind).is_some() {
                is_decided = false;
                return false;
            }
            otherwise = Ternary::No;
            is_wanted(seen)
        });
        // An unreadable value may match or not.
        is_decided &= !self.view.may_hide(kind.attribute());
        match (found, is_decided) {
            (true, _) => Ternary::Yes,
            (false, true) => otherwise,
            (false, false) => Ternary::Undecided,
        }
    }

    fn step(
        &self,
        ask: impl FnOnce() -> Ternary,
        describe: impl FnOnce(Ternary) -> String,
    ) -> Ternary {
        self.trace.step(ask, |answer| ExplanationStep {
            rule: Rule::Matcher,
            certificate: None,
            outcome: match answer {
                Ternary::Yes => StepOutcome::Passed,
                Ternary::No | Ternary::Undecided => StepOutcome::Failed,
            },
            detail: describe(*answer),
            steps: Vec::new(),
        })
    }

    fn about(&self, matcher: &PeerMatcher, answer: Ternary) -> String {
        match &matcher.0 {
            Node::AnyAuthenticated => matcher.to_string(),
            Node::Pattern(pattern) => format!(
                "{}; {}",
                matcher.summary(),
                self.view.in_words([pattern.kind])
            ),
            Node::Not(_) => match answer {
                Ternary::Undecided => {
                    "not: what it negates is neither a yes nor a no, so it rejects".to_owned()
                }
                Ternary::Yes | Ternary::No => "not".to_owned(),
            },
            Node::AllOf(all) => format!("all_of, {} branches", all.matchers().len()),
            Node::AnyOf(any) => format!("any_of, {} branches", any.len()),
            Node::Custom(custom) => match (answer, &*self.said.borrow()) {
                (Ternary::Undecided, Some(said)) => format!("custom {said}"),
                _ => format!("custom {:?}", custom.name),
            },
        }
    }

    fn about_listed(&self, any: &AnyOf, answer: Ternary) -> String {
        let found = match answer {
            Ternary::Yes => "one",
            Ternary::No | Ternary::Undecided => "none",
        };
        format!(
            "{found} of {} listed values; {}",
            any.index().len(),
            self.view.in_words(any.index().kinds())
        )
    }
}
