//! Conversion of the agent's messages into our own material.

use std::sync::Arc;

use ::spiffe::{X509Context, X509Svid};
use pki_types::CertificateDer;

use super::error::{SpiffeError, shown};
use super::problem::{SpiffePart, SpiffePartProblem};
use crate::material::{AlternativeName, MtlsIdentity, TrustAnchors};
use crate::peer::SpiffeId;
use crate::policy::TrustBundles;

/// The most SVIDs in one message.
pub(super) const MAX_SVIDS: usize = 100;
/// The most trust domains with bundles in one message.
pub(super) const MAX_TRUST_DOMAINS: usize = 1_024;

/// Identity and bundles of one message.
#[derive(Clone, Debug)]
pub(super) struct SvidUpdate {
    pub(super) identity: MtlsIdentity,
    pub(super) bundles: TrustBundles,
}

/// The choice among several SVIDs.
#[derive(Clone, Debug)]
pub(super) enum SvidSelector {
    First,
    Id(SpiffeId),
    Hint(String),
}

impl SvidUpdate {
    /// Converts the whole message or returns an error.
    pub(super) fn of(
        context: &X509Context,
        choice: &SvidSelector,
        address: &str,
    ) -> Result<Self, SpiffeError> {
        let svids = context.svids();
        if svids.len() > MAX_SVIDS {
            let problem = SpiffePartProblem::TooMany {
                found: svids.len(),
                limit: MAX_SVIDS,
            };
            return Err(SpiffeError::unusable(address, SpiffePart::Svids, problem));
        }
        let svid = choice.among(svids).ok_or_else(|| SpiffeError::NotGiven {
            address: address.to_owned(),
            wanted: choice.in_words(),
            given: in_words(svids),
        })?;
        let (identity, id) = identity(svid, address)?;
        let bundles = bundles(context, &id, address)?;
        Ok(Self { identity, bundles })
    }
}

impl SvidSelector {
    /// Returns the first match (SPIFFE Workload API, sections 5.2.1 and 5.3).
    fn among<'a>(&self, svids: &'a [Arc<X509Svid>]) -> Option<&'a X509Svid> {
        svids
            .iter()
            .find(|svid| match self {
                Self::First => true,
                Self::Id(id) => svid.spiffe_id().to_string() == id.as_str(),
                Self::Hint(hint) => svid.hint() == Some(hint),
            })
            .map(|svid| &**svid)
    }

    fn in_words(&self) -> String {
        match self {
            Self::First => "at all".to_owned(),
            Self::Id(id) => format!("of {id}"),
            Self::Hint(hint) => format!("with the hint {hint:?}"),
        }
    }
}

/// Describes the first SVIDs.
fn in_words(svids: &[Arc<X509Svid>]) -> String {
    let texts = svids.iter().map(|svid| match svid.hint() {
        None => svid.spiffe_id().to_string(),
        Some(hint) => format!("{} ({hint:?})", svid.spiffe_id()),
    });
    match svids.len() {
        0 => "none".to_owned(),
        _ => shown(&texts.collect::<Vec<_>>().join(", ")),
    }
}

/// Copies the key once, into memory that is wiped. The message wipes its own when dropped.
fn identity(svid: &X509Svid, address: &str) -> Result<(MtlsIdentity, SpiffeId), SpiffeError> {
    let unusable = |problem| {
        let id = svid.spiffe_id().to_string();
        SpiffeError::unusable(address, SpiffePart::Svid { id }, problem)
    };
    let chain = svid.cert_chain().iter().map(|c| owned(c.as_bytes()));
    let identity = MtlsIdentity::from_der(chain, svid.private_key().as_bytes())
        .map_err(|error| unusable(SpiffePartProblem::Material(Arc::new(error))))?;
    // The name that peers read, by our own parser.
    let id = leaf_id(&identity)
        .filter(|id| id.as_str() == svid.spiffe_id().to_string())
        .ok_or_else(|| unusable(SpiffePartProblem::OtherSpiffeId))?;
    Ok((identity, id))
}

fn leaf_id(identity: &MtlsIdentity) -> Option<SpiffeId> {
    let description = identity.describe();
    let leaf = description.certificates.first()?;
    let mut uris = leaf.names.iter().filter_map(|name| match name {
        AlternativeName::Uri(uri) => Some(uri),
        _ => None,
    });
    let only = uris.next().filter(|_| uris.next().is_none())?;
    only.parse().ok()
}

/// Skips empty bundles: their domain is no longer trusted (SPIFFE Workload API, section 4.4).
fn bundles(
    context: &X509Context,
    own: &SpiffeId,
    address: &str,
) -> Result<TrustBundles, SpiffeError> {
    let given = context.bundle_set();
    if given.len() > MAX_TRUST_DOMAINS {
        let problem = SpiffePartProblem::TooMany {
            found: given.len(),
            limit: MAX_TRUST_DOMAINS,
        };
        return Err(SpiffeError::unusable(
            address,
            SpiffePart::TrustDomains,
            problem,
        ));
    }
    let mut bundles = Vec::new();
    for (domain, bundle) in given.iter().filter(|(_, b)| !b.authorities().is_empty()) {
        let anchors = bundle.authorities().iter().map(|c| owned(c.as_bytes()));
        let anchors = TrustAnchors::from_der(anchors).map_err(|error| {
            let trust_domain = domain.as_str().to_owned();
            let problem = SpiffePartProblem::Material(Arc::new(error));
            SpiffeError::unusable(address, SpiffePart::Bundle { trust_domain }, problem)
        })?;
        bundles.push((domain.as_str(), anchors));
    }
    if !bundles
        .iter()
        .any(|(domain, _)| *domain == own.trust_domain())
    {
        let trust_domain = own.trust_domain().to_owned();
        return Err(SpiffeError::unusable(
            address,
            SpiffePart::Bundle { trust_domain },
            SpiffePartProblem::EmptyOwnBundle,
        ));
    }
    TrustBundles::new(bundles).map_err(|error| {
        let problem = SpiffePartProblem::Bundles(error);
        SpiffeError::unusable(address, SpiffePart::Bundles, problem)
    })
}

fn owned(der: &[u8]) -> CertificateDer<'static> {
    CertificateDer::from(der.to_vec())
}
