//! Constructors for keys and certificates of the peer and its issuers.

use super::Pattern;
use crate::policy::matcher::attribute::Kind;
use crate::policy::matcher::error::MatcherError;
use crate::policy::matcher::tree::{Node, PeerMatcher};

/// # Issuers
impl PeerMatcher {
    /// Matches the name of the leaf's issuer, as
    /// [`PeerIdentity::issuer`](crate::PeerIdentity::issuer) returns it.
    ///
    /// String types, the case of ASCII letters and repeated blanks are ignored (RFC 5280, section
    /// 7.1).
    ///
    /// A name is unique only within one hierarchy: a CA below another trust anchor may have the
    /// same name. Where this matters, use [`issuer_spki_sha256`](Self::issuer_spki_sha256).
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::error::MatcherError> {
    /// use mtls::PeerMatcher;
    /// PeerMatcher::issuer("CN=Payments CA,O=Example Ltd")?;
    /// assert!(PeerMatcher::issuer("CN=Payments CA, O=Example Ltd").is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`MatcherError`] for any form other than the RFC 4514 form that this library
    /// writes: most specific part first, no space after the comma. The error shows that form.
    pub fn issuer(name: &str) -> Result<Self, MatcherError> {
        Self::parsed(Kind::Issuer, name)
    }

    /// Matches the public key of a CA on the authenticated path, by its SHA-256 digest.
    ///
    /// The digest is over the `SubjectPublicKeyInfo`. Every CA counts from the leaf's issuer to the
    /// trust anchor, but only on the authenticated path, not any other certificate that the peer
    /// sends. If a peer has several paths, the first that satisfies every other rule counts; the
    /// peer can choose it by what it sends. So require a CA, and do not rely on [`not`](Self::not)
    /// to exclude one. native-tls does not expose the path, so building a client with this pattern
    /// on it returns [`BuildError::Unsupported`](crate::BuildError::Unsupported).
    ///
    /// ```
    /// let digest = [0x5a; 32]; // openssl x509 -pubkey | openssl pkey -pubin -outform DER | sha256sum
    /// mtls::PeerMatcher::issuer_spki_sha256(digest);
    /// ```
    pub fn issuer_spki_sha256(digest: [u8; 32]) -> Self {
        Self::digest(Kind::IssuerSpkiSha256, digest)
    }

    /// Matches the trust anchor of the authenticated path, by the SHA-256 digest of its
    /// certificate.
    ///
    /// For policies with several anchors. Of several paths the first counts, as with
    /// [`issuer_spki_sha256`](Self::issuer_spki_sha256). Building a client with this pattern on
    /// native-tls returns [`BuildError::Unsupported`](crate::BuildError::Unsupported).
    ///
    /// ```
    /// let digest = [0x5a; 32]; // openssl x509 -outform DER | sha256sum
    /// mtls::PeerMatcher::trust_anchor_sha256(digest);
    /// ```
    pub fn trust_anchor_sha256(digest: [u8; 32]) -> Self {
        Self::digest(Kind::TrustAnchorSha256, digest)
    }
}

/// # Pins
///
/// The chain is authenticated as well: a pin restricts the trust anchors but does not replace them.
impl PeerMatcher {
    /// Matches the leaf's public key, by the SHA-256 digest of its `SubjectPublicKeyInfo`.
    ///
    /// See RFC 7469, section 2.4. The pin stays valid after a renewal with the same key.
    ///
    /// ```
    /// let digest = [0x5a; 32]; // openssl x509 -pubkey | openssl pkey -pubin -outform DER | sha256sum
    /// mtls::PeerMatcher::spki_sha256(digest);
    /// ```
    pub fn spki_sha256(digest: [u8; 32]) -> Self {
        Self::digest(Kind::SpkiSha256, digest)
    }

    /// Matches the leaf certificate, by the SHA-256 digest of its DER encoding.
    ///
    /// ```
    /// let digest = [0x5a; 32]; // openssl x509 -outform DER | sha256sum
    /// mtls::PeerMatcher::certificate_sha256(digest);
    /// ```
    pub fn certificate_sha256(digest: [u8; 32]) -> Self {
        Self::digest(Kind::CertificateSha256, digest)
    }

    fn digest(kind: Kind, digest: [u8; 32]) -> Self {
        Self(Node::Pattern(Pattern::digest(kind, digest)))
    }
}
