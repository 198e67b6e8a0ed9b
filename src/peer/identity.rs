use core::fmt;
use core::hash::{Hash, Hasher};
use core::net::IpAddr;
use std::sync::Arc;

use pki_types::{CertificateDer, UnixTime};

use super::kind::{NameKind, UnreadableName, cut};
use super::names::{NameRanges, Names};
use super::spiffe::SpiffeId;
use crate::crypto::sha256;
use crate::x509::{Certificate, rfc4514, rfc4514_whole};

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
    pub(crate) intermediates: Vec<usize>,
    pub(crate) anchor: Arc<CertificateDer<'static>>,
}

struct Inner {
    names: NameRanges,
    chain: Vec<CertificateDer<'static>>,
    /// `None` where the platform verified the path and does not expose it.
    path: Option<ProvedPath>,
    subject: Box<[u8]>,
    issuer: Box<[u8]>,
    serial: Box<[u8]>,
    spki: Box<[u8]>,
    not_before: UnixTime,
    not_after: UnixTime,
}

impl PeerIdentity {
    /// Creates an identity from the leaf, its names and a copy of the presented chain.
    ///
    /// The chain begins with the leaf.
    pub(crate) fn new(
        leaf: &Certificate<'_>,
        names: NameRanges,
        chain: &[CertificateDer<'_>],
        path: Option<ProvedPath>,
    ) -> Self {
        Self(Arc::new(Inner {
            names,
            chain: chain.iter().map(|c| c.clone().into_owned()).collect(),
            path,
            subject: leaf.subject.into(),
            issuer: leaf.issuer.into(),
            serial: leaf.serial.into(),
            spki: leaf.public_key.spki.into(),
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
        rfc4514_whole(&self.0.subject)
    }

    /// Returns the issuer in the form of RFC 4514.
    pub fn issuer(&self) -> String {
        rfc4514_whole(&self.0.issuer)
    }

    /// Returns the serial number: the content of the DER INTEGER, big-endian.
    pub fn serial_number(&self) -> &[u8] {
        &self.0.serial
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
        sha256(&self.0.spki)
    }

    /// Returns the presented chain, leaf first, as far as the backend exposes it.
    ///
    /// rustls exposes all certificates, an OpenSSL server the path that OpenSSL built, native-tls
    /// the leaf.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.0.chain
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
                .filter_map(|&index| self.0.chain.get(index))
                .chain([&*path.anchor])
        })
    }

    /// Returns the last second in which the path is valid: its earliest `notAfter`.
    pub(crate) fn path_not_after(&self) -> UnixTime {
        let above = self.issuers().filter_map(|issuer| {
            let issuer = Certificate::from_der(issuer).ok()?;
            Some(issuer.not_after)
        });
        above.fold(self.not_after(), Ord::min)
    }

    pub(crate) fn leaf(&self) -> &[u8] {
        self.0.chain.first().map_or(&[], |leaf| leaf.as_ref())
    }

    /// Returns the issuer's `Name` in DER.
    pub(crate) fn issuer_der(&self) -> &[u8] {
        &self.0.issuer
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
            None => f.write_str(&rfc4514(&self.0.subject)),
        }
    }
}

impl fmt::Debug for PeerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerIdentity")
            .field("subject", &rfc4514(&self.0.subject))
            .field("issuer", &rfc4514(&self.0.issuer))
            .field("names", &self.names())
            .field("certificates", &self.0.chain.len())
            .finish_non_exhaustive()
    }
}
