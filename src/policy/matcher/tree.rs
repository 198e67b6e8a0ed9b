//! The tree of a matcher, with what is known of each list before a peer is seen.

use std::sync::Arc;

use super::attribute::Kind;
use super::error::invalid;
use super::index::Index;
use super::limits::MAX_DEPTH;
use super::pattern::Pattern;
use super::text::excerpt::{SHOWN, shorten, summary_of};
use crate::error::BuildError;
use crate::peer::PeerIdentity;

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
    /// A pattern from the argument of the constructor that `kind` names.
    pub(super) fn parsed(kind: Kind, text: &str) -> Result<Self, BuildError> {
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

/// Patterns by look-up, everything else one by one.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct AnyOf {
    index: Index,
    others: Vec<PeerMatcher>,
    depth: usize,
    /// Made once: a refusal must not cost more for a longer list.
    summary: Box<str>,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct AllOf {
    matchers: Vec<PeerMatcher>,
    depth: usize,
    summary: Box<str>,
}

impl AnyOf {
    /// One list within another is one list, so that it stays one look-up.
    pub(super) fn new(matchers: impl IntoIterator<Item = PeerMatcher>) -> Result<Self, BuildError> {
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
            return Err(invalid("any_of", "", "the list is empty"));
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
    pub(super) fn new(given: impl IntoIterator<Item = PeerMatcher>) -> Result<Self, BuildError> {
        let mut matchers = Vec::new();
        for matcher in given {
            match matcher.0 {
                Node::AllOf(inner) => matchers.extend(Arc::unwrap_or_clone(inner).matchers),
                _ => matchers.push(matcher),
            }
        }
        if matchers.is_empty() {
            return Err(invalid("all_of", "", "the list is empty"));
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

/// The depth of a list with these in it, which is bounded since everything about a matcher is recursive.
fn depth_over(list: &'static str, matchers: &[PeerMatcher]) -> Result<usize, BuildError> {
    let deepest = matchers.iter().map(depth).max().unwrap_or(0);
    match deepest.saturating_add(1) {
        depth @ ..=MAX_DEPTH => Ok(depth),
        _ => {
            let problem = format!("lists are nested more than {MAX_DEPTH} deep");
            Err(invalid(list, "", problem))
        }
    }
}

/// How many lists are nested in each other.
fn depth(matcher: &PeerMatcher) -> usize {
    match &matcher.0 {
        Node::AllOf(all) => all.depth,
        Node::AnyOf(any) => any.depth,
        Node::Not(inner) => depth(inner),
        Node::AnyAuthenticated | Node::Custom(_) | Node::Pattern(_) => 0,
    }
}
