use const_oid::ObjectIdentifier;

/// The version of a certificate (RFC 5280, section 4.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
    V3,
}

/// Why bytes are not a certificate that we accept.
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
    /// What our reader does not know in a name, another may: that is no reason to give up the
    /// certificates beside it.
    pub(super) fn in_name(error: der::Error) -> Self {
        match error.kind() {
            der::ErrorKind::TagUnknown { .. } | der::ErrorKind::OidMalformed => {
                Self::BadName(error)
            }
            _ => Self::Der(error),
        }
    }

    /// Whether the bytes have not even the shape of a certificate: every TLS library stops there,
    /// while about the rest they differ.
    pub(crate) fn is_no_certificate(&self) -> bool {
        matches!(self, Self::Der(_))
    }
}
