use const_oid::ObjectIdentifier;

/// The version of a certificate (RFC 5280, section 4.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
    V3,
}

/// The error of reading a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum X509Error {
    #[error("the bytes are not a DER certificate")]
    Der(#[from] der::Error),
    #[error("a name of the certificate cannot be read")]
    BadName(#[source] der::Error),
    #[error("a date of the validity cannot be read")]
    BadDate(#[source] der::Error),
    #[error("the certificate's public key is not in the one form that every library reads")]
    AmbiguousKey,
    #[error("the certificate carries the extension {0} twice")]
    DuplicateExtension(ObjectIdentifier),
    #[error("a version {0:?} certificate carries extensions, which only version 3 may")]
    ExtensionsBeforeV3(Version),
    #[error("the two signature algorithm fields of the certificate differ")]
    SignatureAlgorithmMismatch,
    #[error("the certificate carries more than {0} extensions")]
    TooManyExtensions(usize),
    #[error("certificate version number {0} does not exist")]
    UnknownVersion(u8),
    #[error("the extension {oid} cannot be read")]
    MalformedExtension {
        oid: ObjectIdentifier,
        source: der::Error,
    },
}

impl X509Error {
    /// Converts an error in a name.
    ///
    /// Other readers may accept a name that this one does not support, so the error must not reject
    /// the certificates beside it.
    pub(in crate::x509) fn in_name(error: der::Error) -> Self {
        match error.kind() {
            der::ErrorKind::TagUnknown { .. } | der::ErrorKind::OidMalformed => {
                Self::BadName(error)
            }
            _ => Self::Der(error),
        }
    }

    /// Returns whether the bytes lack the shape of a certificate.
    ///
    /// Every TLS library rejects such bytes; for other errors the libraries differ.
    pub(crate) fn is_no_certificate(&self) -> bool {
        matches!(self, Self::Der(_))
    }
}
