use std::error::Error as StdError;
use std::sync::Arc;

use crate::material::SignatureScheme;

/// A failure of the signing key, carried through rustls.
#[derive(Debug, thiserror::Error)]
#[error("our signing key did not sign")]
pub(in crate::backend::rustls) struct SignFailure(
    #[source] pub(in crate::backend::rustls) Arc<Box<dyn StdError + Send + Sync>>,
);

#[derive(Debug, thiserror::Error)]
#[error("the signing key panicked; what it said stands where this process writes its panics")]
pub(super) struct SignPanic;

#[derive(Debug, thiserror::Error)]
#[error(
    "what the signing key gave is no signature by {0} of the key in our leaf, and was not sent; see that it signs by the \
     same key each time, and the whole message (not a digest of a digest), ECDSA in DER"
)]
pub(super) struct InvalidSignature(pub(super) SignatureScheme);
