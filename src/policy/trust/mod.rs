//! The trust anchors for a peer: all of them, or those of its SPIFFE trust domain.

pub(crate) mod anchor_facts;
mod anchor_rules;
pub(crate) mod anchors;
pub(crate) mod error;
pub(crate) mod examination;
mod key_order;
mod known_facts;
mod name_index;

use core::fmt;
use std::collections::BTreeMap;
use std::sync::Arc;

use pki_types::CertificateDer;

use super::signature::SignatureAlgorithms;
use super::verdict::reason::RejectionReason;
use super::verdict::rejection::Rejection;
use super::verifier_policy::VerifierPolicy;
use crate::error::UnusableTrustAnchor;
use crate::material::TrustAnchors;
use crate::peer::{Names, SpiffeId, check_trust_domain};
use crate::policy::build_error::BuildError;
use crate::policy::verification::VerificationTime;
use crate::side::Side;
use crate::x509::{Certificate, PublicKey};
use anchor_facts::AnchorFacts;
use anchor_rules::AnchorRules;
use anchors::{AnchorExpiry, Anchors, distinct};
use error::TrustBundlesError;

/// The trust anchors of each SPIFFE trust domain, for federated meshes.
///
/// See SPIFFE Trust Domain and Bundle, section 4. A peer must be an X.509-SVID, and only the
/// anchors of its own trust domain count. With one common set of anchors, the CA of one domain
/// could issue certificates for another. Never empty. Clones share the bytes.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let (ours, partners) = (pki::anchors(), pki::anchors());
/// use mtls::TrustBundles;
///
/// let bundles = TrustBundles::new([("prod.example", ours), ("partner.example", partners)])?;
/// assert!(bundles.get("partner.example").is_some());
/// assert!(bundles.iter().map(|(domain, _)| domain).eq(["partner.example", "prod.example"]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct TrustBundles(Arc<BTreeMap<String, TrustAnchors>>);

impl TrustBundles {
    /// Creates bundles from trust domain names, without the scheme, and their anchors.
    ///
    /// # Errors
    /// A [`TrustBundlesError`] for an invalid trust domain name (SPIFFE-ID, section 2.1), for one
    /// that is repeated, and for an empty list.
    pub fn new(
        bundles: impl IntoIterator<Item = (impl AsRef<str>, TrustAnchors)>,
    ) -> Result<Self, TrustBundlesError> {
        let mut map = BTreeMap::new();
        for (domain, anchors) in bundles {
            let domain = domain.as_ref();
            let trust_domain = domain.to_owned();
            if let Err(source) = check_trust_domain(domain) {
                return Err(TrustBundlesError::InvalidTrustDomain {
                    trust_domain,
                    source,
                });
            }
            if map.insert(domain.to_owned(), anchors).is_some() {
                return Err(TrustBundlesError::DuplicateTrustDomain { trust_domain });
            }
        }
        if map.is_empty() {
            Err(TrustBundlesError::Empty)
        } else {
            Ok(Self(Arc::new(map)))
        }
    }

    /// Returns the trust domains, sorted by name, with their anchors.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &TrustAnchors)> {
        self.0
            .iter()
            .map(|(domain, anchors)| (domain.as_str(), anchors))
    }

    /// Returns the anchors of one trust domain.
    pub fn get(&self, trust_domain: &str) -> Option<&TrustAnchors> {
        self.0.get(trust_domain)
    }
}

impl fmt::Debug for TrustBundles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter()).finish()
    }
}

/// Trust anchors for peers: one set, or one for each SPIFFE trust domain.
///
/// [`PeerVerifier::new`](crate::PeerVerifier::new) accepts either type directly.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let anchors = pki::anchors();
/// use mtls::policy::Trust;
///
/// assert_eq!(Trust::from(&anchors), Trust::Anchors(anchors));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// One set of anchors for every peer.
    Anchors(TrustAnchors),
    /// The anchors of each peer's trust domain.
    Bundles(TrustBundles),
}

impl From<TrustAnchors> for Trust {
    fn from(anchors: TrustAnchors) -> Self {
        Self::Anchors(anchors)
    }
}

impl From<&TrustAnchors> for Trust {
    fn from(anchors: &TrustAnchors) -> Self {
        Self::Anchors(anchors.clone())
    }
}

impl From<TrustBundles> for Trust {
    fn from(bundles: TrustBundles) -> Self {
        Self::Bundles(bundles)
    }
}

impl From<&TrustBundles> for Trust {
    fn from(bundles: &TrustBundles) -> Self {
        Self::Bundles(bundles.clone())
    }
}

impl Trust {
    /// Returns the number of anchors, of all trust domains.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Anchors(anchors) => anchors.as_slice().len(),
            Self::Bundles(bundles) => bundles.0.values().map(|a| a.as_slice().len()).sum(),
        }
    }

    /// Returns every anchor, of all trust domains.
    pub(crate) fn certificates(&self) -> Vec<&CertificateDer<'static>> {
        match self {
            Self::Anchors(anchors) => anchors.as_slice().iter().collect(),
            Self::Bundles(bundles) => bundles
                .0
                .values()
                .flat_map(TrustAnchors::as_slice)
                .collect(),
        }
    }
}

/// The verified anchors of a verifier; each set is shared with the revisions that have it too.
pub(super) enum TrustSets {
    Anchors(Arc<Anchors>),
    Bundles(BTreeMap<String, Arc<Anchors>>),
}

impl TrustSets {
    /// Examines the anchors, except those that one of `former` has examined by equal rules.
    pub(super) fn new(
        trust: &Trust,
        policy: &VerifierPolicy,
        algorithms: &SignatureAlgorithms,
        former: &[&Self],
    ) -> Self {
        let rules = AnchorRules::new(policy, algorithms);
        match trust {
            Trust::Anchors(anchors) => {
                let former = former.iter().filter_map(|former| former.of_domain(None));
                Self::Anchors(Anchors::new(anchors, &rules, &former.collect::<Vec<_>>()))
            }
            Trust::Bundles(bundles) => {
                let each = bundles.iter().map(|(domain, anchors)| {
                    let former = former.iter().filter_map(|f| f.of_domain(Some(domain)));
                    let checked = Anchors::new(anchors, &rules, &former.collect::<Vec<_>>());
                    (domain.to_owned(), checked)
                });
                Self::Bundles(each.collect())
            }
        }
    }

    /// Returns whether both share each set of anchors.
    pub(super) fn is_shared_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Anchors(own), Self::Anchors(other)) => Arc::ptr_eq(own, other),
            (Self::Bundles(own), Self::Bundles(other)) => {
                let mut both = own.iter().zip(other);
                own.len() == other.len() && both.all(|(a, b)| a.0 == b.0 && Arc::ptr_eq(a.1, b.1))
            }
            _ => false,
        }
    }

    /// Returns the anchors of a trust domain; without one, those of every peer.
    fn of_domain(&self, domain: Option<&str>) -> Option<&Arc<Anchors>> {
        match (self, domain) {
            (Self::Anchors(anchors), None) => Some(anchors),
            (Self::Bundles(bundles), Some(domain)) => bundles.get(domain),
            _ => None,
        }
    }

    /// Returns the first anchor to expire.
    pub(super) fn first_expiry(&self) -> Option<AnchorExpiry> {
        let each = self
            .sets()
            .filter_map(|set| Some((set, set.first_to_expire()?)));
        let (set, (index, _)) = each.min_by_key(|(_, (_, until))| *until)?;
        set.expiry_of(index)
    }

    /// Returns each distinct subject, or none if they are too large in total for a server to name.
    pub(super) fn ca_names(&self) -> Vec<Vec<u8>> {
        let each: Option<Vec<_>> = self.sets().map(Anchors::ca_names).collect();
        let all = each.unwrap_or_default().into_iter().flatten();
        distinct(all.map(Vec::as_slice)).unwrap_or_default()
    }

    /// Returns the anchors that are unusable for peers on `side` at `now`.
    ///
    /// # Errors
    /// [`BuildError::UnusableTrustAnchors`] if all of them are.
    pub(super) fn unusable(
        &self,
        side: Option<Side>,
        time: Option<VerificationTime>,
    ) -> Result<Vec<UnusableTrustAnchor>, BuildError> {
        let all = self.sets().map(Anchors::count);
        let all = all.fold(0, usize::saturating_add);
        let unusable: Vec<_> = match self {
            Self::Anchors(anchors) => anchors.unusable(side, time).collect(),
            Self::Bundles(bundles) => {
                let each = bundles.iter().flat_map(|(domain, anchors)| {
                    let unusable = anchors.unusable(side, time);
                    unusable.map(|anchor| UnusableTrustAnchor {
                        trust_domain: Some(domain.clone()),
                        ..anchor
                    })
                });
                each.collect()
            }
        };
        if unusable.len() < all {
            Ok(unusable)
        } else {
            Err(BuildError::UnusableTrustAnchors(unusable))
        }
    }

    /// Returns the anchors for this leaf.
    pub(super) fn for_peer(
        &self,
        leaf: &Certificate<'_>,
        names: Names<'_>,
    ) -> Result<&Anchors, Rejection> {
        let bundles = match self {
            Self::Anchors(anchors) => return Ok(anchors),
            Self::Bundles(bundles) => bundles,
        };
        let id = check_svid(leaf, names)?;
        let anchors = bundles.get(id.trust_domain()).map(|anchors| &**anchors);
        anchors.ok_or_else(|| {
            let known: Vec<&str> = bundles.keys().take(SHOWN).map(String::as_str).collect();
            let more = if bundles.len() > SHOWN { ", .." } else { "" };
            Rejection::new(RejectionReason::UnknownTrustDomain)
                .about(0, leaf)
                .with_expected(format!("a trust domain of {}{more}", known.join(", ")))
                .with_presented(id.to_string())
        })
    }

    /// Returns the trust domain of a peer, if its anchors depend on it.
    pub(super) fn domain_of(&self, names: Names<'_>) -> Option<&str> {
        let (Self::Bundles(bundles), Some(id)) = (self, names.spiffe_id()) else {
            return None;
        };
        let (domain, _) = bundles.get_key_value(id.trust_domain())?;
        Some(domain)
    }

    /// Returns all sets of anchors.
    pub(super) fn sets(&self) -> impl Iterator<Item = &Anchors> {
        let (one, many) = match self {
            Self::Anchors(anchors) => (Some(anchors), None),
            Self::Bundles(bundles) => (None, Some(bundles.values())),
        };
        let all = one.into_iter().chain(many.into_iter().flatten());
        all.map(|anchors| &**anchors)
    }

    /// Returns an anchor with this subject (a `Name` with its header) and this key.
    pub(super) fn with_key(
        &self,
        subject: &[u8],
        key: &PublicKey<'_>,
    ) -> Option<&Arc<CertificateDer<'static>>> {
        self.sets().find_map(|anchors| {
            let mut named = anchors.named(subject).map(AnchorFacts::certificate);
            named.find(|certificate| has_spki(certificate, key.spki))
        })
    }

    /// Returns the first anchor that is unusable for servers at any time.
    pub(super) fn unusable_for_servers(&self) -> Option<UnusableTrustAnchor> {
        let mut unusable = self
            .sets()
            .flat_map(|a| a.unusable(Some(Side::Server), None));
        unusable.next()
    }
}

fn has_spki(certificate: &[u8], spki: &[u8]) -> bool {
    Certificate::from_der(certificate).is_ok_and(|found| found.public_key.spki == spki)
}

/// The most trust domains in a message.
const SHOWN: usize = 4;

/// Returns the SPIFFE ID of a leaf, which must be an X.509-SVID (SPIFFE X.509-SVID, sections 2 to
/// 5).
pub(super) fn check_svid<'n>(
    leaf: &Certificate<'_>,
    names: Names<'n>,
) -> Result<&'n SpiffeId, Rejection> {
    names.spiffe_id().ok_or_else(|| {
        Rejection::new(RejectionReason::InvalidSvid)
            .about(0, leaf)
            .with_expected("one URI name, which is a SPIFFE ID")
            .with_presented(names.svid_problem())
    })
}
