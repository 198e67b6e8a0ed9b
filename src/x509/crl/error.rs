use const_oid::ObjectIdentifier;

use crate::x509::certificate::X509Error;

/// The error of reading a revocation list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CrlError {
    #[error("it covers attribute certificates only")]
    AttributeCertificates,
    #[error("its CRL number is critical, which it may not be (RFC 5280, section 5.2.3)")]
    CriticalNumber,
    #[error("it is a delta CRL")]
    Delta,
    #[error("the bytes are not a DER revocation list")]
    Der(#[from] der::Error),
    #[error("its issuer has no name (RFC 5280, section 5.1.2.3)")]
    EmptyIssuer,
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
    #[error("it has no nextUpdate, so it never becomes stale (RFC 5280, section 5.1.2.5)")]
    NoNextUpdate,
    #[error("its CRL number has more than 20 octets (RFC 5280, section 5.2.3)")]
    NumberTooLong,
    #[error("its two signature algorithm fields differ (RFC 5280, section 5.1.2.2)")]
    SignatureAlgorithmMismatch,
    #[error("it is longer than 4 GiB")]
    TooLong,
    #[error(
        "it carries the critical extension {oid}, which is not known here (RFC 5280, section 5.2)"
    )]
    UnknownCriticalExtension { oid: String },
    #[error("it has a version number that is not 2 (RFC 5280, section 5.1.2.1)")]
    UnknownVersion,
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
