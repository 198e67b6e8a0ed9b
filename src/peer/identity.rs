use core::fmt;
use core::hash::{Hash, Hasher};
use core::net::IpAddr;
use core::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use pki_types::{CertificateDer, UnixTime};

use super::kind::{NameKind, UnreadableName, cut};
use super::later::Later;
use super::names::{NameRanges, Names};
use super::spiffe::SpiffeId;
use crate::crypto::{Sha256, sha256};
use crate::recent::Recent;
use crate::x509::{Certificate, Span, rfc4514, rfc4514_whole};

/// An authenticated and authorized peer: the names in its leaf and the presented chain.
///
/// Names are read strictly (RFC 5280, section 4.2.1.6; SPIFFE X.509-SVID, section 2): the accessors
/// return the legal names of each kind, and [`unreadable_names`](Self::unreadable_names) returns
/// all others. Names keep the order of the certificate. `Display` writes the most specific name,
/// for logs, and truncates it at 256 characters. Cloning is cheap.
///
/// Two identities are equal if their leaves are the same certificate, byte for byte. The presented
/// chain and the path are not compared: backends expose more or less of them, and the trust anchor
/// can change in a rotation. A renewed certificate is another identity, also with the same names.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let peer = pki::peer();
/// let id = peer.spiffe_id().expect("the policy requires one");
/// assert_eq!((id.trust_domain(), id.path()), ("prod.example", "/payments"));
/// assert!(peer.dns_names().eq(["payments.example"]));
/// assert!(peer.uris().eq(["spiffe://prod.example/payments"]));
/// assert!(peer.email_addresses().eq(["ops@payments.example"]));
/// assert!(peer.ip_addresses().all(|ip| ip.is_ipv4()));
/// assert_eq!(peer.common_name(), Some("payments"));
/// assert!(peer.organizations().chain(peer.organizational_units()).eq(["Example", "Billing"]));
/// assert_eq!(peer.unreadable_names().count(), 0);
/// ```
#[derive(Clone)]
pub struct PeerIdentity(Arc<Inner>);

/// The path from a leaf to its trust anchor, once authenticated.
#[derive(Clone, Debug)]
pub(crate) struct ProvedPath {
    /// Indices of the intermediates in the presented chain, the leaf's issuer first.
    pub(crate) intermediates: Box<[usize]>,
    pub(crate) anchor: Arc<CertificateDer<'static>>,
    /// The first second in which all its certificates are valid, leaf and anchor included.
    pub(crate) not_before: UnixTime,
    /// The last such second.
    pub(crate) not_after: UnixTime,
}

struct Inner {
    names: NameRanges,
    leaf: CertificateDer<'static>,
    /// What was presented above the leaf. Most peers of a service share it.
    above: Box<[Arc<CertificateDer<'static>>]>,
    /// Clippy would warn those who hash identities of cells, which no hash reads: a trait object
    /// hides them.
    later: Box<dyn AsRef<Later> + Send + Sync + UnwindSafe + RefUnwindSafe>,
    /// `None` where the platform verified the path and does not expose it.
    path: Option<ProvedPath>,
    /// In the leaf, as the next three.
    subject: Span,
    issuer: Span,
    serial: Span,
    spki: Span,
    not_before: UnixTime,
    not_after: UnixTime,
}

impl PeerIdentity {
    /// Creates an identity from the leaf, its names and a copy of the presented chain.
    ///
    /// The chain begins with the leaf. `recent` has certificates above leaves that were presented
    /// before.
    pub(crate) fn new(
        leaf: &Certificate<'_>,
        names: NameRanges,
        chain: &[CertificateDer<'_>],
        path: Option<ProvedPath>,
        recent: &Recent<CertificateDer<'static>>,
    ) -> Self {
        let own = |certificate: &CertificateDer<'_>| certificate.clone().into_owned();
        let share = |certificate| {
            recent.share_borrowed(
                certificate,
                |known| known == certificate,
                || own(certificate),
            )
        };
        Self(Arc::new(Inner {
            names,
            leaf: CertificateDer::from(leaf.der.to_vec()),
            above: chain.iter().skip(1).map(share).collect(),
            later: Box::new(Later::default()),
            path,
            subject: Span::of(leaf.der, leaf.subject),
            issuer: Span::of(leaf.der, leaf.issuer),
            serial: Span::of(leaf.der, leaf.serial),
            spki: Span::of(leaf.der, leaf.public_key.spki),
            not_before: leaf.not_before,
            not_after: leaf.not_after,
        }))
    }

    /// Returns the SPIFFE ID, if the certificate is an X.509-SVID.
    ///
    /// It then has exactly one URI name, which is a SPIFFE ID, and no key usage for signing
    /// certificates or revocation lists.
    pub fn spiffe_id(&self) -> Option<&SpiffeId> {
        self.names().spiffe_id()
    }

    /// Returns the DNS names of the subject alternative name extension, in lower case.
    ///
    /// A wildcard is returned unchanged.
    pub fn dns_names(&self) -> impl Iterator<Item = &str> + Clone {
        self.names().texts(NameKind::Dns)
    }

    /// Returns the URI names of the subject alternative name extension.
    pub fn uris(&self) -> impl Iterator<Item = &str> + Clone {
        self.names().texts(NameKind::Uri)
    }

    /// Returns the IP addresses of the subject alternative name extension.
    pub fn ip_addresses(&self) -> impl Iterator<Item = IpAddr> + Clone {
        self.names().ips()
    }

    /// Returns the e-mail addresses of the subject alternative name extension.
    pub fn email_addresses(&self) -> impl Iterator<Item = &str> + Clone {
        self.names().texts(NameKind::Email)
    }

    /// Returns the subject's common name, if it has exactly one.
    pub fn common_name(&self) -> Option<&str> {
        self.names().common_name()
    }

    /// Returns the subject's organizational units, in the order of the certificate.
    pub fn organizational_units(&self) -> impl Iterator<Item = &str> + Clone {
        self.names().texts(NameKind::OrganizationalUnit)
    }

    /// Returns the subject's organizations, in the order of the certificate.
    pub fn organizations(&self) -> impl Iterator<Item = &str> + Clone {
        self.names().texts(NameKind::Organization)
    }

    /// Returns the names that cannot be decoded or are illegal for their kind.
    ///
    /// These are alternative names, and the subject's common names, organizations and
    /// organizational units. Empty under
    /// [`CertificateProfile::Rfc5280`](crate::policy::CertificateProfile::Rfc5280), which rejects
    /// such a certificate.
    pub fn unreadable_names(&self) -> impl Iterator<Item = UnreadableName<'_>> + Clone {
        self.names().unreadable()
    }

    /// Returns the subject in the form of RFC 4514.
    pub fn subject(&self) -> String {
        rfc4514_whole(self.subject_der())
    }

    /// Returns the issuer in the form of RFC 4514.
    pub fn issuer(&self) -> String {
        rfc4514_whole(self.issuer_der())
    }

    /// Returns the serial number: the content of the DER INTEGER, big-endian.
    pub fn serial_number(&self) -> &[u8] {
        self.0.serial.part(self.leaf())
    }

    /// Returns the first second in which the certificate is valid.
    pub fn not_before(&self) -> UnixTime {
        self.0.not_before
    }

    /// Returns the last second in which the certificate is valid.
    pub fn not_after(&self) -> UnixTime {
        self.0.not_after
    }

    /// Returns the SHA-256 digest of the leaf certificate.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let peer = pki::peer();
    /// println!("{} of {}, number {:x?}", peer.subject(), peer.issuer(), peer.serial_number());
    /// assert!(peer.not_before() < peer.not_after());
    /// let pins = (peer.certificate_sha256(), peer.spki_sha256());
    /// ```
    pub fn certificate_sha256(&self) -> [u8; 32] {
        sha256(self.leaf())
    }

    /// Returns the SHA-256 digest of the leaf's `SubjectPublicKeyInfo` (RFC 7469, section 2.4).
    pub fn spki_sha256(&self) -> [u8; 32] {
        sha256(self.0.spki.part(self.leaf()))
    }

    /// Returns the presented chain, leaf first, as far as the backend exposes it.
    ///
    /// rustls exposes all certificates, an OpenSSL server the path that OpenSSL built, native-tls
    /// the leaf.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        if self.0.above.is_empty() {
            return core::slice::from_ref(&self.0.leaf);
        }
        let later = (*self.0.later).as_ref();
        later
            .chain
            .get_or_init(|| self.certificates().cloned().collect())
    }

    /// Returns the presented certificates, leaf first.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = &CertificateDer<'static>> {
        let above = self.0.above.iter().map(|certificate| &**certificate);
        core::iter::once(&self.0.leaf).chain(above)
    }

    /// Returns the presented chain without a copy that the identity would keep.
    pub(crate) fn presented(&self) -> Vec<CertificateDer<'_>> {
        let certificates = self.certificates();
        certificates
            .map(|certificate| CertificateDer::from(certificate.as_ref()))
            .collect()
    }

    /// Returns the SHA-256 digest over the presented certificates, each with its length.
    pub(crate) fn chain_digest(&self) -> &[u8; 32] {
        let later = (*self.0.later).as_ref();
        later.digest.get_or_init(|| {
            let mut hash = Sha256::new();
            for certificate in self.certificates() {
                let length = u64::try_from(certificate.len()).unwrap_or(u64::MAX);
                hash.update(&length.to_be_bytes());
                hash.update(certificate);
            }
            Box::new(hash.finish())
        })
    }

    /// Returns whether it is this chain that was presented.
    pub(crate) fn has_presented(&self, chain: &[CertificateDer<'_>]) -> bool {
        let is_same = |(own, other): (&CertificateDer<'_>, &CertificateDer<'_>)| own == other;
        chain.len() == self.0.above.len().saturating_add(1)
            && self.certificates().zip(chain).all(is_same)
    }

    /// Returns the trust anchor of the authenticated path.
    ///
    /// `None` on native-tls, which does not expose it.
    pub fn trust_anchor(&self) -> Option<&CertificateDer<'static>> {
        self.0.path.as_ref().map(|path| &*path.anchor)
    }

    /// Returns the authenticated path above the leaf, from its issuer to the trust anchor.
    ///
    /// See RFC 5280, section 6.1. Empty on native-tls.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let peer = pki::peer();
    /// assert_eq!(peer.chain().len(), 1);
    /// assert_eq!(peer.issuers().last(), peer.trust_anchor());
    /// ```
    pub fn issuers(&self) -> impl Iterator<Item = &CertificateDer<'static>> {
        let path = self.0.path.iter();
        path.flat_map(|path| {
            let intermediates = path.intermediates.iter();
            intermediates
                .filter_map(|&index| self.certificates().nth(index))
                .chain([&*path.anchor])
        })
    }

    /// Returns the last second in which the path is valid: its earliest `notAfter`.
    pub(crate) fn path_not_after(&self) -> UnixTime {
        let path = self.0.path.as_ref();
        path.map_or(self.not_after(), |path| path.not_after)
    }

    /// Returns the authenticated path, if the backend exposes it.
    pub(crate) fn path(&self) -> Option<&ProvedPath> {
        self.0.path.as_ref()
    }

    pub(crate) fn leaf(&self) -> &[u8] {
        &self.0.leaf
    }

    fn subject_der(&self) -> &[u8] {
        self.0.subject.part(self.leaf())
    }

    /// Returns the issuer's `Name` in DER.
    pub(crate) fn issuer_der(&self) -> &[u8] {
        self.0.issuer.part(self.leaf())
    }

    pub(crate) fn names(&self) -> Names<'_> {
        self.0.names.of(self.leaf())
    }
}

impl PartialEq for PeerIdentity {
    fn eq(&self, other: &Self) -> bool {
        self.leaf() == other.leaf()
    }
}

impl Eq for PeerIdentity {}

impl Hash for PeerIdentity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.leaf().hash(state);
    }
}

impl fmt::Display for PeerIdentity {
    /// Writes the SPIFFE ID, the first DNS name, the common name or the subject, whichever exists
    /// first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(id) = self.spiffe_id() {
            return write!(f, "{id}");
        }
        match self.dns_names().next().or(self.common_name()) {
            Some(name) => f.write_str(&cut(name)),
            None => f.write_str(&rfc4514(self.subject_der())),
        }
    }
}

impl fmt::Debug for PeerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerIdentity")
            .field("subject", &rfc4514(self.subject_der()))
            .field("issuer", &rfc4514(self.issuer_der()))
            .field("names", &self.names())
            .field("certificates", &self.certificates().count())
            .finish_non_exhaustive()
    }
}
