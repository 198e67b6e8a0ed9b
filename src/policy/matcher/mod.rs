mod evaluate;

use core::fmt;
use core::mem::discriminant;
use std::collections::HashSet;
use std::sync::Arc;

use crate::error::BuildError;
use crate::peer::{PeerIdentity, SpiffeId, check_trust_domain, is_dns_name};

pub(in crate::policy) use evaluate::common_name_as_dns;

/// Which proved peers are admitted.
///
/// Patterns are parsed once, when the matcher is made; a large `any_of` of exact names is one look-up. DNS names
/// compare without regard to case, everything else byte for byte. A wildcard in a peer's certificate is never
/// expanded. `not` over a name that the peer does not have refuses, as does everything that is built from it.
///
/// ```
/// # fn main() -> Result<(), mtls::BuildError> {
/// use mtls::PeerMatcher;
/// let matcher = PeerMatcher::any_of([
///     PeerMatcher::spiffe_id("spiffe://prod.example/payments")?,
///     PeerMatcher::dns("billing.prod.example")?,
/// ])?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PeerMatcher(Node);

#[derive(Clone)]
enum Node {
    AllOf(Arc<[PeerMatcher]>),
    AnyAuthenticated,
    AnyOf(Arc<AnyOf>),
    Custom(Custom),
    Exact(Exact),
    Not(Box<PeerMatcher>),
}

/// One exact value of one attribute.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Exact {
    CommonName(String),
    Dns(String),
    SpiffeId(String),
    SpkiSha256([u8; 32]),
    TrustDomain(String),
    Uri(String),
}

/// Exact values by look-up, everything else one by one.
struct AnyOf {
    exact: HashSet<Exact>,
    /// One of each kind in `exact`: which attributes have to be looked at.
    kinds: Vec<Exact>,
    others: Vec<PeerMatcher>,
    /// Made once: a refusal must not cost more for a longer list.
    text: String,
}

#[derive(Clone)]
struct Custom {
    name: Arc<str>,
    decide: Arc<Decide>,
}

type Decide = dyn Fn(&PeerIdentity) -> Result<(), String> + Send + Sync;

impl PeerMatcher {
    /// Every peer that the trust anchors vouch for.
    pub fn any_authenticated() -> Self {
        Self(Node::AnyAuthenticated)
    }

    /// A DNS name among the subject alternative names, whole and without wildcards.
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for what is no host name.
    pub fn dns(name: &str) -> Result<Self, BuildError> {
        match is_dns_name(name) {
            true => Ok(Self::exact(Exact::Dns(name.to_ascii_lowercase()))),
            false => Err(invalid(
                "dns",
                name,
                "it is no host name (wildcards are never expanded)",
            )),
        }
    }

    /// A URI among the subject alternative names, byte for byte.
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for a text without a scheme.
    pub fn uri(uri: &str) -> Result<Self, BuildError> {
        match uri.split_once(':') {
            Some((scheme, rest)) if !scheme.is_empty() && !rest.is_empty() => {
                Ok(Self::exact(Exact::Uri(uri.to_owned())))
            }
            _ => Err(invalid("uri", uri, "it has no scheme")),
        }
    }

    /// One SPIFFE ID; the certificate must have no other URI name (SPIFFE X.509-SVID, section 2).
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for what is no SPIFFE ID.
    pub fn spiffe_id(id: &str) -> Result<Self, BuildError> {
        match id.parse::<SpiffeId>() {
            Ok(id) => Ok(Self::exact(Exact::SpiffeId(id.to_string()))),
            Err(problem) => Err(invalid("spiffe_id", id, &problem.to_string())),
        }
    }

    /// Every SPIFFE ID of one trust domain, given by its name alone: `prod.example`.
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for what is no trust domain name.
    pub fn trust_domain(name: &str) -> Result<Self, BuildError> {
        match check_trust_domain(name) {
            Ok(()) => Ok(Self::exact(Exact::TrustDomain(name.to_owned()))),
            Err(problem) => Err(invalid("trust_domain", name, &problem.to_string())),
        }
    }

    /// The subject's common name, where it has exactly one.
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for an empty text.
    pub fn common_name(name: &str) -> Result<Self, BuildError> {
        match name.is_empty() {
            false => Ok(Self::exact(Exact::CommonName(name.to_owned()))),
            true => Err(invalid("common_name", name, "it is empty")),
        }
    }

    /// A public key, by SHA-256 over its `SubjectPublicKeyInfo` (RFC 7469, section 2.4).
    ///
    /// The chain is proved as well: a pin narrows the anchors, it does not replace them.
    pub fn spki_sha256(digest: [u8; 32]) -> Self {
        Self::exact(Exact::SpkiSha256(digest))
    }

    /// Peers that at least one of `matchers` matches.
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] when there is none: an empty list would admit nobody.
    pub fn any_of(matchers: impl IntoIterator<Item = Self>) -> Result<Self, BuildError> {
        let mut any = AnyOf {
            exact: HashSet::new(),
            kinds: Vec::new(),
            others: Vec::new(),
            text: String::new(),
        };
        for matcher in matchers {
            match matcher.0 {
                Node::Exact(exact) => {
                    if !any
                        .kinds
                        .iter()
                        .any(|k| discriminant(k) == discriminant(&exact))
                    {
                        any.kinds.push(exact.clone());
                    }
                    any.exact.insert(exact);
                }
                _ => any.others.push(matcher),
            }
        }
        if any.exact.is_empty() && any.others.is_empty() {
            return Err(invalid("any_of", "", "the list is empty"));
        }
        any.text = any.to_string();
        Ok(Self(Node::AnyOf(Arc::new(any))))
    }

    /// Peers that every one of `matchers` matches.
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] when there is none: an empty list would admit everybody.
    pub fn all_of(matchers: impl IntoIterator<Item = Self>) -> Result<Self, BuildError> {
        let all: Arc<[Self]> = matchers.into_iter().collect();
        match all.is_empty() {
            false => Ok(Self(Node::AllOf(all))),
            true => Err(invalid("all_of", "", "the list is empty")),
        }
    }

    /// Peers that have the attribute that `matcher` asks for, but with another value.
    #[expect(
        clippy::should_implement_trait,
        reason = "the field's word for it, beside any_of and all_of"
    )]
    pub fn not(matcher: Self) -> Self {
        Self(Node::Not(Box::new(matcher)))
    }

    /// Peers that a function admits; its error says why not.
    ///
    /// It runs in every handshake, on the handshake's thread, so it must be quick. `name` stands for it in
    /// `Debug` and in refusals. Under [`not`](Self::not) a refusal stays a refusal.
    pub fn custom(
        name: &str,
        decide: impl Fn(&PeerIdentity) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self(Node::Custom(Custom {
            name: name.into(),
            decide: Arc::new(decide),
        }))
    }

    fn exact(exact: Exact) -> Self {
        Self(Node::Exact(exact))
    }

    /// Whether every peer that it admits has a SPIFFE ID that was asked for. A custom matcher is taken at its word.
    pub(crate) fn asks_for_spiffe_id(&self) -> bool {
        let is_spiffe = |exact: &Exact| matches!(exact, Exact::SpiffeId(_) | Exact::TrustDomain(_));
        match &self.0 {
            Node::Exact(exact) => is_spiffe(exact),
            Node::AllOf(all) => all.iter().any(Self::asks_for_spiffe_id),
            Node::AnyOf(any) => {
                any.kinds.iter().all(is_spiffe) && any.others.iter().all(Self::asks_for_spiffe_id)
            }
            Node::Custom(_) => true,
            Node::AnyAuthenticated | Node::Not(_) => false,
        }
    }
}

impl fmt::Display for PeerMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Node::AnyAuthenticated => f.write_str("any_authenticated"),
            Node::Exact(exact) => exact.fmt(f),
            Node::Not(inner) => write!(f, "not({inner})"),
            Node::AllOf(all) => list(f, "all_of", all.iter(), all.len()),
            Node::AnyOf(any) => f.write_str(&any.text),
            Node::Custom(custom) => write!(f, "custom {:?}", custom.name),
        }
    }
}

impl fmt::Display for AnyOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.exact.len().saturating_add(self.others.len());
        let mut entries: Vec<&Exact> = self.exact.iter().collect();
        // Sorted, so that the same matcher always reads the same.
        entries.sort_unstable();
        let entries = entries.into_iter().map(ToString::to_string);
        list(
            f,
            "any_of",
            entries.chain(self.others.iter().map(ToString::to_string)),
            count,
        )
    }
}

/// How many entries of a list stand in a message.
const SHOWN: usize = 4;

fn list<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    entries: impl Iterator<Item = T>,
    count: usize,
) -> fmt::Result {
    write!(f, "{name}(")?;
    for (index, entry) in entries.take(SHOWN).enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(f, "{comma}{entry}")?;
    }
    match count.checked_sub(SHOWN) {
        None | Some(0) => f.write_str(")"),
        Some(more) => write!(f, ", and {more} more)"),
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommonName(name) => write!(f, "common name {name:?}"),
            Self::Dns(name) => write!(f, "DNS name {name}"),
            Self::SpiffeId(id) => write!(f, "{id}"),
            Self::SpkiSha256(digest) => {
                f.write_str("SPKI SHA-256 ")?;
                digest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            Self::TrustDomain(name) => write!(f, "trust domain {name}"),
            Self::Uri(uri) => write!(f, "URI {uri}"),
        }
    }
}

impl fmt::Debug for PeerMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerMatcher({self})")
    }
}

fn invalid(matcher: &'static str, value: &str, problem: &str) -> BuildError {
    BuildError::InvalidPattern {
        matcher,
        value: value.to_owned(),
        problem: problem.to_owned(),
    }
}
