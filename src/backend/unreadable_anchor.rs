use std::borrow::Cow;
use std::error::Error as StdError;

/// A trust anchor that the TLS library cannot read.
///
/// It is the source of a [`BuildError::Backend`](crate::BuildError::Backend).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[error("trust anchor {index} ({subject}) cannot be read")]
pub struct UnreadableTrustAnchor {
    /// The position among the anchors, from 0.
    pub index: usize,
    /// The subject (RFC 4514).
    pub subject: String,
    /// The library's error.
    pub source: Box<dyn StdError + Send + Sync>,
}

impl UnreadableTrustAnchor {
    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        "remove the certificate from the trust anchors, or have its CA issue one that this platform reads".into()
    }
}
