//! Constructors for keys and certificates: the peer's own, and those that vouch for it.

use super::Pattern;
use crate::error::BuildError;
use crate::policy::matcher::attribute::Kind;
use crate::policy::matcher::tree::{Node, PeerMatcher};

/// # Issuers
impl PeerMatcher {
    /// The leaf's issuer by its name, as [`PeerIdentity::issuer`](crate::PeerIdentity::issuer) gives it.
    ///
    /// String types, the case of ASCII letters and repeated blanks do not count (RFC 5280, section 7.1).
    ///
    /// A name is as good as the trust anchors: a CA below another of them may bear the same. Where that matters ask for
    /// [`issuer_spki_sha256`](Self::issuer_spki_sha256).
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// use mtls::PeerMatcher;
    /// PeerMatcher::issuer("CN=Payments CA,O=Example Ltd")?;
    /// assert!(PeerMatcher::issuer("CN=Payments CA, O=Example Ltd").is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for what is not the form of RFC 4514 that this library writes: most specific first,
    /// no space behind the comma. The error shows it.
    pub fn issuer(name: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::Issuer, name)
    }

    /// The public key of one of the CAs on the proved path, from the leaf's issuer to the trust anchor, by SHA-256 over
    /// its `SubjectPublicKeyInfo`.
    ///
    /// Only what was proved counts; a certificate that the peer merely sends along does not. Where a peer has several paths
    /// the first that keeps every other rule counts, so that it chooses by what it sends: ask for a CA, and do not build on
    /// [`not`](Self::not) to shut one out. A client that asks for it is a [`BuildError::Unsupported`] on native-tls, which
    /// does not show the path.
    ///
    /// ```
    /// let digest = [0x5a; 32]; // openssl x509 -pubkey | openssl pkey -pubin -outform DER | sha256sum
    /// mtls::PeerMatcher::issuer_spki_sha256(digest);
    /// ```
    pub fn issuer_spki_sha256(digest: [u8; 32]) -> Self {
        Self::digest(Kind::IssuerSpkiSha256, digest)
    }

    /// The trust anchor that the proved path ends in, by SHA-256 over its certificate.
    ///
    /// For policies over several anchors; of several paths the first counts, as with
    /// [`issuer_spki_sha256`](Self::issuer_spki_sha256). A client that asks for it is a [`BuildError::Unsupported`] on native-tls.
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
/// The chain is proved as well: a pin narrows the anchors, it does not replace them.
impl PeerMatcher {
    /// The leaf's public key, by SHA-256 over its `SubjectPublicKeyInfo` (RFC 7469, section 2.4).
    ///
    /// It outlives a renewal with the same key.
    ///
    /// ```
    /// let digest = [0x5a; 32]; // openssl x509 -pubkey | openssl pkey -pubin -outform DER | sha256sum
    /// mtls::PeerMatcher::spki_sha256(digest);
    /// ```
    pub fn spki_sha256(digest: [u8; 32]) -> Self {
        Self::digest(Kind::SpkiSha256, digest)
    }

    /// The leaf certificate, by SHA-256 over all of it.
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
