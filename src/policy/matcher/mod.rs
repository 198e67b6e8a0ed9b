pub(crate) mod attribute;
pub(crate) mod error;
mod evaluate;
mod index;
mod limits;
mod pattern;
mod text;
pub(crate) mod tree;
mod view;

use std::sync::Arc;

use super::verdict::explanation::Trace;
use crate::error::BuildError;
use crate::peer::PeerIdentity;

pub use error::{MatcherError, MatcherProblem};
pub(in crate::policy) use evaluate::common_name_as_dns;

use limits::{MAX_DEPTH, MAX_PATTERN_BYTES};
pub use tree::PeerMatcher;
use tree::{AllOf, AnyOf, Custom, Node};

impl PeerMatcher {
    /// Bytes of the longest pattern: those of the longest SPIFFE ID (SPIFFE-ID, section 2.3).
    pub const MAX_PATTERN_BYTES: usize = MAX_PATTERN_BYTES;
    /// How many lists may be nested in each other.
    pub const MAX_DEPTH: usize = MAX_DEPTH;
    /// Bytes of the longest text that is parsed: 32 MiB, where 100,000 SPIFFE IDs of 80 bytes take
    /// 10.
    pub const MAX_TEXT_BYTES: usize = 32 * 1024 * 1024;
    /// How many matchers a text may hold, those within others counted as well.
    pub const MAX_TEXT_MATCHERS: usize = 1_000_000;

    /// Every peer that the trust anchors vouch for.
    pub fn any_authenticated() -> Self {
        Self(Node::AnyAuthenticated)
    }

    /// Peers that at least one of `matchers` matches. Lists within it become a part of it.
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] when there is none, since an empty list would admit nobody,
    /// and when lists are nested more than [`MAX_DEPTH`](Self::MAX_DEPTH) deep.
    pub fn any_of(matchers: impl IntoIterator<Item = Self>) -> Result<Self, BuildError> {
        Ok(Self(Node::AnyOf(Arc::new(AnyOf::new(matchers)?))))
    }

    /// Peers that every one of `matchers` matches. Lists within it become a part of it.
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] when there is none, since an empty list would admit
    /// everybody, and when lists are nested more than [`MAX_DEPTH`](Self::MAX_DEPTH) deep.
    pub fn all_of(matchers: impl IntoIterator<Item = Self>) -> Result<Self, BuildError> {
        Ok(Self(Node::AllOf(Arc::new(AllOf::new(matchers)?))))
    }

    /// Peers that have the attribute that `matcher` asks for, but with another value.
    ///
    /// Of several values none may match: `not(dns("a.example"))` refuses whoever has that name
    /// among others. A peer without the attribute is refused. `not` of `not` is what it was.
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

    /// Peers that a function admits; its error says why not.
    ///
    /// It runs in every handshake, on the handshake's thread, so it must be quick. `name` stands
    /// for it in `Debug` and in refusals. Under [`not`](Self::not) a refusal stays a refusal. Two
    /// of them are equal where they are clones of one.
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

    /// Whether a peer that was proved matches, for decisions after the handshake: who may call this
    /// route?
    ///
    /// A common name never stands for a DNS name here. What the TLS library does not show (on
    /// native-tls the path above the leaf) is absent.
    ///
    /// ```
    /// # fn f(peer: &mtls::PeerIdentity) -> Result<bool, mtls::BuildError> {
    /// let admins = mtls::PeerMatcher::spiffe_path_prefix("spiffe://prod.example/admin")?;
    /// Ok(admins.matches(peer))
    /// # }
    /// ```
    pub fn matches(&self, peer: &PeerIdentity) -> bool {
        self.admits(peer, false, &Trace::off()).is_ok()
    }
}
