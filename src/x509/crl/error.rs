use const_oid::ObjectIdentifier;

use crate::error::RevocationListFault;
use crate::x509::certificate::X509Error;

/// The error of reading a revocation list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CrlError {
    #[error("it is a delta CRL")]
    Delta,
    #[error("the bytes are not a DER revocation list")]
    Der(#[from] der::Error),
    #[error("entry {index} cannot be read")]
    Entry { index: usize, source: Box<Self> },
    #[error("its extensions cannot be read")]
    Extensions(#[source] X509Error),
    #[error("it is an indirect CRL")]
    Indirect,
    #[error("the extension {oid} cannot be read")]
    MalformedExtension {
        oid: ObjectIdentifier,
        source: der::Error,
    },
    #[error("{0}")]
    Unfit(RevocationListFault),
    #[error("it is of version 1, which has no version field (RFC 5280, section 5.1.2.1)")]
    Version1,
}

impl From<X509Error> for CrlError {
    fn from(error: X509Error) -> Self {
        match error {
            X509Error::Der(error) => Self::Der(error),
            other => Self::Extensions(other),
        }
    }
}
