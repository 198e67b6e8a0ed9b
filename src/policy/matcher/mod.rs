mod certificates;
mod evaluate;
mod index;
mod kind;
mod list;
mod names;
mod parse;
mod parse_error;
mod pattern;
mod subject;
mod text;
mod token;
mod uri;
mod view;

use std::sync::Arc;

use crate::error::BuildError;
use crate::peer::PeerIdentity;
use crate::policy::explanation::Trace;

pub(in crate::policy) use evaluate::common_name_as_dns;
pub use parse_error::{MatcherTextError, MatcherTextProblem};

use kind::Kind;
use list::{AllOf, AnyOf};
use pattern::Pattern;

/// Which proved peers are admitted.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::PeerMatcher;
/// let matcher = PeerMatcher::any_of([
///     PeerMatcher::spiffe_id("spiffe://prod.example/payments")?,
///     PeerMatcher::all_of([
///         PeerMatcher::dns_suffix("billing.example")?,
///         PeerMatcher::not(PeerMatcher::organizational_unit("Test")?),
///     ])?,
/// ])?;
/// let text = r#"any_of(
///     spiffe_id("spiffe://prod.example/payments"),
///     all_of(dns_suffix("billing.example"), not(organizational_unit("Test"))),
/// )"#;
/// assert_eq!(text.parse::<PeerMatcher>()?, matcher);
/// # Ok(())
/// # }
/// ```
///
/// # What can be asked
///
/// | of | whole | more than one value |
/// |---|---|---|
/// | SPIFFE ID | [`spiffe_id`](Self::spiffe_id) | [`trust_domain`](Self::trust_domain), [`spiffe_path_prefix`](Self::spiffe_path_prefix) |
/// | DNS name | [`dns`](Self::dns) | [`dns_suffix`](Self::dns_suffix), [`dns_prefix`](Self::dns_prefix) |
/// | URI | [`uri`](Self::uri) | [`uri_prefix`](Self::uri_prefix) |
/// | IP address | [`ip`](Self::ip) | [`ip_network`](Self::ip_network) |
/// | e-mail address | [`email`](Self::email) | [`email_domain`](Self::email_domain), [`email_domain_suffix`](Self::email_domain_suffix) |
/// | common name | [`common_name`](Self::common_name) | [`common_name_prefix`](Self::common_name_prefix), [`common_name_suffix`](Self::common_name_suffix) |
/// | organizational unit | [`organizational_unit`](Self::organizational_unit) | [`organizational_unit_prefix`](Self::organizational_unit_prefix), [`organizational_unit_suffix`](Self::organizational_unit_suffix) |
/// | organization | [`organization`](Self::organization) | [`organization_prefix`](Self::organization_prefix), [`organization_suffix`](Self::organization_suffix) |
/// | issuers | [`issuer`](Self::issuer), [`issuer_spki_sha256`](Self::issuer_spki_sha256), [`trust_anchor_sha256`](Self::trust_anchor_sha256) | |
/// | the leaf itself | [`spki_sha256`](Self::spki_sha256), [`certificate_sha256`](Self::certificate_sha256) | |
///
/// Forms that are not in the table would not be sound. The end of a URI says nothing about its
/// authority, and the beginning of an e-mail address nothing about its domain: whoever may choose
/// the rest chooses who it is. An address has no prefix but a network.
///
/// # Semantics
///
/// - The chain is proved first; a matcher narrows what the trust anchors vouch for and never
///   replaces it.
/// - What is not matched is refused. An empty list, an empty pattern and a pattern that can match
///   nothing, or everything, is a [`BuildError`].
/// - Of several values one has to match. Two patterns in `all_of` may be met by two different
///   values.
/// - DNS names and the domains of e-mail addresses compare without regard to case, everything else
///   byte for byte.
/// - An answer is yes, no or neither. It is neither where the peer has no such attribute, where a
///   name of the kind cannot be read ([`PeerIdentity::unreadable_names`]) and no other one matches,
///   where a value can be read in two ways (a wildcard DNS name, an IPv4 address mapped into IPv6,
///   for prefixes a URI with escapes or dot segments), and where a custom matcher refuses. Neither
///   refuses, and `not` does not turn it into a yes; `any_of` and `all_of` follow Kleene's logic.
/// - `not` admits whoever has another value, so it is only as good as the spelling: exclude by what
///   your CA controls.
///
/// # Cost
///
/// Patterns are parsed once. In `any_of` they are looked up by hash: 100,000 cost what one does. A
/// prefix, suffix or network costs one look-up for each different length. Everything else in a list
/// is gone through in order.
///
/// # Text
///
/// `Display` writes the whole matcher and `FromStr` reads it: calls with the constructors' names,
/// digests in hexadecimal, strings in double quotes with `\"`, `\\` and `\u{..}`. Whitespace and
/// line breaks may stand anywhere between, lists may end in a comma, and `#` begins a comment that
/// ends with its line. [`custom`](Self::custom) is written, but cannot be read. `Debug`, refusals
/// and explanations show four entries of a list.
#[derive(Clone, PartialEq, Eq)]
pub struct PeerMatcher(Node);

#[derive(Clone, PartialEq, Eq)]
enum Node {
    AllOf(Arc<AllOf>),
    AnyAuthenticated,
    AnyOf(Arc<AnyOf>),
    Custom(Custom),
    Not(Arc<PeerMatcher>),
    Pattern(Pattern),
}

#[derive(Clone)]
struct Custom {
    name: Arc<str>,
    decide: Arc<Decide>,
}

type Decide = dyn Fn(&PeerIdentity) -> Result<(), String> + Send + Sync;

/// See [`PeerMatcher::MAX_PATTERN_BYTES`].
const MAX_PATTERN_BYTES: usize = 2048;
/// See [`PeerMatcher::MAX_DEPTH`].
const MAX_DEPTH: usize = 16;

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

    /// A pattern from the argument of the constructor that `kind` names.
    fn parsed(kind: Kind, text: &str) -> Result<Self, BuildError> {
        Pattern::parse(kind, text).map(|pattern| Self(Node::Pattern(pattern)))
    }

    /// Whether every peer that it admits has a SPIFFE ID that was asked for. A custom matcher is
    /// taken at its word.
    pub(crate) fn asks_for_spiffe_id(&self) -> bool {
        let is_spiffe = |kind| {
            matches!(
                kind,
                Kind::SpiffeId | Kind::SpiffePathPrefix | Kind::TrustDomain
            )
        };
        match &self.0 {
            Node::Pattern(pattern) => is_spiffe(pattern.kind),
            Node::AllOf(all) => all.matchers().iter().any(Self::asks_for_spiffe_id),
            Node::AnyOf(any) => {
                any.index().kinds().all(is_spiffe)
                    && any.others().iter().all(Self::asks_for_spiffe_id)
            }
            Node::Custom(_) => true,
            Node::AnyAuthenticated | Node::Not(_) => false,
        }
    }

    /// Whether every peer that it accepts was asked for by one exact name of its own, or by its key
    /// or certificate: on every branch there is such a pattern. Prefixes, suffixes and networks are
    /// no such patterns, nor what an issuer or a subject's text says; `not` and `custom` prove
    /// nothing by themselves.
    pub(crate) fn asks_for_exact_peer(&self) -> bool {
        match &self.0 {
            Node::Pattern(pattern) => pattern.kind.is_exact_peer(),
            Node::AllOf(all) => all.matchers().iter().any(Self::asks_for_exact_peer),
            Node::AnyOf(any) => {
                any.index().kinds().all(Kind::is_exact_peer)
                    && any.others().iter().all(Self::asks_for_exact_peer)
            }
            Node::AnyAuthenticated | Node::Custom(_) | Node::Not(_) => false,
        }
    }

    /// Whether a part of it asks for the proved path above the leaf, which not every TLS library
    /// shows.
    pub(crate) fn asks_for_path(&self) -> bool {
        let is_above = |kind| matches!(kind, Kind::IssuerSpkiSha256 | Kind::TrustAnchorSha256);
        match &self.0 {
            Node::Pattern(pattern) => is_above(pattern.kind),
            Node::AllOf(all) => all.matchers().iter().any(Self::asks_for_path),
            Node::AnyOf(any) => {
                any.index().kinds().any(is_above) || any.others().iter().any(Self::asks_for_path)
            }
            Node::Not(inner) => inner.asks_for_path(),
            Node::AnyAuthenticated | Node::Custom(_) => false,
        }
    }
}

impl PartialEq for Custom {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.decide, &other.decide)
    }
}

impl Eq for Custom {}

fn invalid(matcher: &'static str, value: &str, problem: impl Into<String>) -> BuildError {
    BuildError::InvalidPattern {
        matcher,
        value: text::shorten(value.to_owned()),
        problem: problem.into(),
    }
}
