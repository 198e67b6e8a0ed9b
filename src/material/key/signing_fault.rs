use std::borrow::Cow;

use super::signature_scheme::SignatureScheme;

/// The fault of a [`SigningKey`](crate::material::SigningKey) that returned no error.
///
/// It is the source of a
/// [`HandshakeError::SigningKey`](crate::HandshakeError::SigningKey).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningFault {
    /// The signature does not verify with the leaf's key. It was not sent.
    #[error("its {scheme} signature does not verify with the leaf's key")]
    InvalidSignature {
        /// The scheme that the handshake chose.
        scheme: SignatureScheme,
    },
    /// The key panicked.
    #[error("it panicked")]
    Panicked,
}

impl SigningFault {
    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::InvalidSignature { .. } => {
                "let `SigningKey::sign` use the leaf's key each time, and sign the whole message (not a digest of a \
                 digest), ECDSA in DER"
            }
            Self::Panicked => {
                "fix `SigningKey::sign`; the panic's message is where this process writes its panics"
            }
        })
    }
}
