use std::error::Error as StdError;
use std::sync::Arc;

/// A failure of the signing key, carried through rustls.
#[derive(Debug, thiserror::Error)]
#[error("our signing key did not sign")]
pub(in crate::backend::rustls) struct SignFailure(
    #[source] pub(in crate::backend::rustls) Arc<Box<dyn StdError + Send + Sync>>,
);
