/// The content that a reader accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExpectedContent {
    Anchors,
    /// Whatever can be read.
    Anything,
    Bundle,
    Certificates,
    Key,
    RevocationLists,
}

impl ExpectedContent {
    pub(super) fn is_certificates(self) -> bool {
        matches!(self, Self::Anchors | Self::Certificates)
    }

    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Anything => "certificates, private keys, requests and revocation lists",
            Self::Bundle => "CERTIFICATE and PRIVATE KEY",
            Self::Anchors | Self::Certificates => "CERTIFICATE",
            Self::RevocationLists => "X509 CRL",
            Self::Key => "PRIVATE KEY, ENCRYPTED PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY",
        }
    }
}
