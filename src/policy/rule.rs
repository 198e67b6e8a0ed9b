use core::fmt;

/// A rule of the judgement, as a step of an [`Explanation`](crate::Explanation) names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// What was presented can be read.
    Presented,
    /// The names of the leaf are well formed.
    Names,
    /// The leaf's X.509 version.
    Version,
    /// Serial numbers.
    SerialNumber,
    /// The validity of each certificate.
    Validity,
    /// The leaf is no CA, an issuer is one.
    BasicConstraints,
    /// Kind and size of each public key.
    PublicKey,
    /// The key usage of each certificate.
    KeyUsage,
    /// The extended key usage of the leaf.
    ExtendedKeyUsage,
    /// Which extensions may stand where, and be critical.
    Extensions,
    /// Subject and authority key identifiers.
    KeyIdentifiers,
    /// How long a leaf may be valid.
    LeafLifetime,
    /// A path leads from the leaf to a trust anchor.
    Path,
    /// The trust anchor at the end of a path.
    TrustAnchor,
    /// Revocation lists.
    Revocation,
    /// The name that was connected to.
    ServerName,
    /// The certificate is an X.509-SVID.
    SpiffeSvid,
    /// What the CA/Browser Forum asks beyond RFC 5280, where the policy wants it.
    WebPki,
    /// The matcher of the policy.
    Matcher,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Presented => "presented certificates",
            Self::Names => "names",
            Self::Version => "version",
            Self::SerialNumber => "serial number",
            Self::Validity => "validity",
            Self::BasicConstraints => "basic constraints",
            Self::PublicKey => "public key",
            Self::KeyUsage => "key usage",
            Self::ExtendedKeyUsage => "extended key usage",
            Self::Extensions => "extensions",
            Self::KeyIdentifiers => "key identifiers",
            Self::LeafLifetime => "leaf lifetime",
            Self::Path => "path",
            Self::TrustAnchor => "trust anchor",
            Self::Revocation => "revocation",
            Self::ServerName => "server name",
            Self::SpiffeSvid => "SPIFFE X.509-SVID",
            Self::WebPki => "CA/Browser Forum profile",
            Self::Matcher => "matcher",
        })
    }
}
