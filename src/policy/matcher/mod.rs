// `PeerMatcher` has its methods by task: constructors in `pattern/`, lists in `tree.rs`, evaluation
// in `evaluate.rs`, its text in `text/`.

pub(crate) mod attribute;
pub(crate) mod error;
mod evaluate;
mod index;
mod limits;
pub(crate) mod pattern;
mod text;
pub(crate) mod tree;
mod view;

use std::sync::Arc;

use super::verdict::explanation::Trace;
use crate::peer::PeerIdentity;

pub use error::{MatcherError, MatcherProblem};
pub(in crate::policy) use evaluate::common_name_as_dns;
pub use pattern::problem::PatternProblem;
pub use text::expected::ExpectedToken;

use limits::{MAX_DEPTH, MAX_PATTERN_BYTES};
pub use tree::PeerMatcher;
use tree::{AllOf, AnyOf, Custom, Node};

impl PeerMatcher {
    /// The length of the longest pattern in bytes: that of the longest SPIFFE ID (SPIFFE-ID,
    /// section 2.3).
    pub const MAX_PATTERN_BYTES: usize = MAX_PATTERN_BYTES;
    /// The deepest nesting of lists.
    pub const MAX_DEPTH: usize = MAX_DEPTH;
    /// The length of the longest text that is parsed: 32 MiB.
    ///
    /// 100,000 SPIFFE IDs of 80 bytes take about 10 MiB.
    pub const MAX_TEXT_BYTES: usize = 32 * 1024 * 1024;
    /// The most matchers in a text, nested ones included.
    pub const MAX_TEXT_MATCHERS: usize = 1_000_000;

    /// Matches every peer whose chain leads to a trust anchor.
    ///
    /// ```
    /// use mtls::PeerMatcher;
    /// assert_eq!("any_authenticated()".parse::<PeerMatcher>()?, PeerMatcher::any_authenticated());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn any_authenticated() -> Self {
        Self(Node::AnyAuthenticated)
    }

    /// Matches peers that at least one of `matchers` matches. Nested `any_of` lists are flattened.
    ///
    /// # Errors
    /// [`MatcherError`] for an empty list, since it would accept no peer, and for
    /// lists nested more than [`MAX_DEPTH`](Self::MAX_DEPTH) deep.
    pub fn any_of(matchers: impl IntoIterator<Item = Self>) -> Result<Self, MatcherError> {
        Ok(Self(Node::AnyOf(Arc::new(AnyOf::new(matchers)?))))
    }

    /// Matches peers that every one of `matchers` matches. Nested `all_of` lists are flattened.
    ///
    /// # Errors
    /// [`MatcherError`] for an empty list, since it would accept every peer, and for
    /// lists nested more than [`MAX_DEPTH`](Self::MAX_DEPTH) deep.
    pub fn all_of(matchers: impl IntoIterator<Item = Self>) -> Result<Self, MatcherError> {
        Ok(Self(Node::AllOf(Arc::new(AllOf::new(matchers)?))))
    }

    /// Matches peers that have the attribute of `matcher`, but with another value.
    ///
    /// If the peer has several values, none may match: `not(dns("a.example"))` rejects a peer that
    /// has that name among others. It also rejects a peer without the attribute. A double `not`
    /// cancels out.
    #[expect(
        clippy::should_implement_trait,
        reason = "the field's word for it, beside any_of and all_of"
    )]
    pub fn not(matcher: Self) -> Self {
        match matcher.0 {
            Node::Not(inner) => Arc::unwrap_or_clone(inner),
            _ => Self(Node::Not(Arc::new(matcher))),
        }
    }

    /// Matches peers that a function accepts; its error is the reason for a rejection.
    ///
    /// The function runs in every handshake, on the handshake's thread, so it must be quick.
    /// `Debug` and rejections show its `name`. Under [`not`](Self::not) its rejection stays a
    /// rejection. Two custom matchers are equal if they are clones of one.
    ///
    /// ```
    /// use mtls::PeerMatcher;
    /// let short_lived = PeerMatcher::custom("short-lived", |peer| {
    ///     let seconds = peer.not_after().as_secs().saturating_sub(peer.not_before().as_secs());
    ///     match seconds <= 24 * 3600 {
    ///         true => Ok(()),
    ///         false => Err(format!("valid for {seconds} seconds")),
    ///     }
    /// });
    /// assert_eq!(short_lived.to_string(), r#"custom("short-lived")"#);
    /// ```
    pub fn custom(
        name: &str,
        decide: impl Fn(&PeerIdentity) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self(Node::Custom(Custom {
            name: name.into(),
            decide: Arc::new(decide),
        }))
    }

    /// Returns the names of the constructors with one text as their argument.
    #[allow(dead_code, reason = "only configurations have matchers as structures")]
    pub(crate) fn pattern_names() -> impl Iterator<Item = &'static str> {
        attribute::Kind::ALL.iter().map(|kind| kind.name())
    }

    /// Creates the matcher of one of these names.
    #[allow(dead_code, reason = "only configurations have matchers as structures")]
    pub(crate) fn pattern(name: &str, argument: &str) -> Option<Result<Self, MatcherError>> {
        let mut kinds = attribute::Kind::ALL.iter();
        let kind = kinds.find(|kind| kind.name() == name)?;
        Some(Self::parsed(*kind, argument))
    }

    /// Returns whether an authenticated peer matches, for authorization after the handshake.
    ///
    /// A common name never replaces a DNS name here. Attributes that the TLS library does not
    /// expose (on native-tls the path above the leaf) are absent.
    ///
    /// ```
    /// # fn f(peer: &mtls::PeerIdentity) -> Result<bool, mtls::error::MatcherError> {
    /// let admins = mtls::PeerMatcher::spiffe_path_prefix("spiffe://prod.example/admin")?;
    /// Ok(admins.matches(peer))
    /// # }
    /// ```
    pub fn matches(&self, peer: &PeerIdentity) -> bool {
        self.accepts(peer, false, &Trace::off()).is_ok()
    }
}
