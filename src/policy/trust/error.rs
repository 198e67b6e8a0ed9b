//! The error of making trust bundles.

use std::borrow::Cow;

use crate::error::SpiffeIdError;

/// The error of making [`TrustBundles`](crate::TrustBundles).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustBundlesError {
    /// A trust domain is given twice.
    #[error("the trust domain {trust_domain} is given twice")]
    DuplicateTrustDomain {
        /// The name of the trust domain.
        trust_domain: String,
    },
    /// No trust domain was given.
    #[error("the list of trust bundles is empty")]
    Empty,
    /// The name is no trust domain (SPIFFE-ID, section 2.1).
    #[error("{trust_domain:?} is no trust domain")]
    InvalidTrustDomain {
        /// The text that was given.
        trust_domain: String,
        /// Its fault.
        source: SpiffeIdError,
    },
}

impl TrustBundlesError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::DuplicateTrustDomain { .. } => {
                "give each trust domain once, with all its trust anchors"
            }
            Self::Empty => "give the trust anchors of at least one trust domain",
            Self::InvalidTrustDomain { .. } => {
                "give the name without `spiffe://` and path: 1 to 255 lower-case letters, digits, \
                 dots, dashes and underscores"
            }
        })
    }
}
