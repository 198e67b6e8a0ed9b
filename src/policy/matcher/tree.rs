//! The tree of a matcher, with what is known of each list without a peer.

use std::sync::Arc;

use super::attribute::Kind;
use super::error::{MatcherError, invalid};
use super::index::Index;
use super::limits::MAX_DEPTH;
use super::pattern::Pattern;
use super::pattern::problem::PatternProblem;
use super::text::excerpt::{SHOWN, shorten, summary_of};
use crate::peer::PeerIdentity;

/// A predicate on an authenticated peer: a policy accepts the peers that match.
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
/// # Attributes
///
/// | attribute | exact value | several values |
/// |---|---|---|
/// | SPIFFE ID | [`spiffe_id`](Self::spiffe_id) | [`trust_domain`](Self::trust_domain), [`spiffe_path_prefix`](Self::spiffe_path_prefix) |
/// | DNS name | [`dns`](Self::dns) | [`dns_suffix`](Self::dns_suffix), [`dns_prefix`](Self::dns_prefix) |
/// | URI | [`uri`](Self::uri) | [`uri_prefix`](Self::uri_prefix) |
/// | IP address | [`ip`](Self::ip) | [`ip_network`](Self::ip_network) |
/// | e-mail address | [`email`](Self::email) | [`email_domain`](Self::email_domain), [`email_domain_suffix`](Self::email_domain_suffix) |
/// | common name | [`common_name`](Self::common_name) | [`common_name`](Self::common_name) with a [`StringMatch`](crate::policy::StringMatch) |
/// | organizational unit | [`organizational_unit`](Self::organizational_unit) | the same |
/// | organization | [`organization`](Self::organization) | the same |
/// | issuers | [`issuer`](Self::issuer), [`issuer_spki_sha256`](Self::issuer_spki_sha256), [`trust_anchor_sha256`](Self::trust_anchor_sha256) | |
/// | the leaf itself | [`spki_sha256`](Self::spki_sha256), [`certificate_sha256`](Self::certificate_sha256) | |
///
/// Other forms would not be safe. The end of a URI does not determine its authority, and the
/// beginning of an e-mail address does not determine its domain: the remaining part could be chosen
/// freely. For addresses a network replaces the prefix.
///
/// # Semantics
///
/// - The chain is authenticated first. A matcher restricts the peers that the trust anchors accept;
///   it never replaces authentication.
/// - A peer that does not match is rejected. An empty list, an empty pattern, and a pattern that
///   can match nothing or everything are a [`MatcherError`].
/// - Of several values one must match. Two patterns in `all_of` may match two different values.
/// - DNS names and the domains of e-mail addresses ignore case; everything else is compared byte
///   for byte.
/// - The result is yes, no or undecided. It is undecided if the peer has no such attribute; if a
///   name of the kind cannot be read ([`PeerIdentity::unreadable_names`]) and no other one matches;
///   if a value is ambiguous (a wildcard DNS name, an IPv4 address mapped into IPv6, for prefixes a
///   URI with escapes or dot segments); and if a custom matcher rejects. An undecided result
///   rejects, and `not` keeps it undecided; `any_of` and `all_of` follow Kleene's logic.
/// - `not` accepts every other value, including another spelling: exclude only values that your CA
///   controls.
///
/// # Cost
///
/// Patterns are parsed once. `any_of` looks them up by hash: 100,000 patterns cost as much as one.
/// A prefix, suffix or network costs one look-up for each different length. All other entries of a
/// list are evaluated in order.
///
/// # Text
///
/// `Display` writes the whole matcher and `FromStr` parses it. The text consists of calls with the
/// constructors' names, digests in hexadecimal, and strings in double quotes with `\"`, `\\` and
/// `\u{..}`. Whitespace and line breaks are allowed between tokens, lists may end in a comma, and
/// `#` begins a comment that extends to the end of the line. [`custom`](Self::custom) is written
/// but cannot be parsed. `Debug`, rejections and explanations show four entries of a list.
#[derive(Clone, PartialEq, Eq)]
pub struct PeerMatcher(pub(super) Node);

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Node {
    AllOf(Arc<AllOf>),
    AnyAuthenticated,
    AnyOf(Arc<AnyOf>),
    Custom(Custom),
    Not(Arc<PeerMatcher>),
    Pattern(Pattern),
}

#[derive(Clone)]
pub(super) struct Custom {
    pub(super) name: Arc<str>,
    pub(super) decide: Arc<Decide>,
}

type Decide = dyn Fn(&PeerIdentity) -> Result<(), String> + Send + Sync;

impl PeerMatcher {
    /// Parses the argument of the constructor that `kind` names.
    pub(super) fn parsed(kind: Kind, text: &str) -> Result<Self, MatcherError> {
        Pattern::parse(kind, text).map(|pattern| Self(Node::Pattern(pattern)))
    }

    /// Returns whether every accepting branch requires a SPIFFE ID.
    ///
    /// A custom matcher is assumed to require one.
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

    /// Returns whether every accepting branch requires one exact name, or the peer's key or
    /// certificate.
    ///
    /// Prefixes, suffixes, networks, issuers and the free text of a subject do not count; nor do
    /// `not` and `custom` by themselves.
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

    /// Returns whether a part requires the path above the leaf.
    ///
    /// Not every TLS library exposes it.
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

/// A list of alternatives: patterns in an index, all other entries in order.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct AnyOf {
    index: Index,
    others: Vec<PeerMatcher>,
    depth: usize,
    /// Built once, so that a rejection does not cost more for a longer list.
    summary: Box<str>,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct AllOf {
    matchers: Vec<PeerMatcher>,
    depth: usize,
    summary: Box<str>,
}

impl AnyOf {
    /// Creates a list; nested `any_of` lists are merged, so that one look-up covers them.
    pub(super) fn new(
        matchers: impl IntoIterator<Item = PeerMatcher>,
    ) -> Result<Self, MatcherError> {
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
            return Err(invalid("any_of", "", PatternProblem::EmptyList));
        }
        let first = index
            .first(SHOWN)
            .into_iter()
            .map(|pattern| shorten(pattern.to_string()));
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
    pub(super) fn new(given: impl IntoIterator<Item = PeerMatcher>) -> Result<Self, MatcherError> {
        let mut matchers = Vec::new();
        for matcher in given {
            match matcher.0 {
                Node::AllOf(inner) => matchers.extend(Arc::unwrap_or_clone(inner).matchers),
                _ => matchers.push(matcher),
            }
        }
        if matchers.is_empty() {
            return Err(invalid("all_of", "", PatternProblem::EmptyList));
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

/// Returns the depth of a list with these entries; it is bounded because evaluation is recursive.
fn depth_over(list: &'static str, matchers: &[PeerMatcher]) -> Result<usize, MatcherError> {
    let deepest = matchers.iter().map(depth).max().unwrap_or(0);
    match deepest.saturating_add(1) {
        depth @ ..=MAX_DEPTH => Ok(depth),
        _ => {
            let problem = PatternProblem::TooDeep { limit: MAX_DEPTH };
            Err(invalid(list, "", problem))
        }
    }
}

/// Returns how many lists are nested in a matcher.
fn depth(matcher: &PeerMatcher) -> usize {
    match &matcher.0 {
        Node::AllOf(all) => all.depth,
        Node::AnyOf(any) => any.depth,
        Node::Not(inner) => depth(inner),
        Node::AnyAuthenticated | Node::Custom(_) | Node::Pattern(_) => 0,
    }
}
