use core::fmt;
use core::net::IpAddr;
use std::sync::Arc;

use pki_types::{CertificateDer, UnixTime};
use sha2::{Digest, Sha256};

use super::kind::{NameKind, UnreadableName, cut};
use super::names::{NameRanges, Names};
use super::spiffe::SpiffeId;
use crate::x509::{Certificate, rfc4514, rfc4514_whole};

/// A peer that was proved and allowed: the names in its leaf certificate and the chain it
/// presented.
///
/// Names are read strictly (RFC 5280, section 4.2.1.6; SPIFFE X.509-SVID, section 2): the accessors
/// give the legal names of each kind, and [`unreadable_names`](Self::unreadable_names) whatever
/// else stands among them. They stand in the order of the certificate. `Display` gives the most
/// telling name, for logs, and cuts it at 256 letters. Cloning is cheap.
///
/// ```no_run
/// # fn f(peer: &mtls::PeerIdentity) {
/// println!("{peer} called, certificate valid until {}", peer.not_after().as_secs());
/// # }
/// ```
#[derive(Clone)]
pub struct PeerIdentity(Arc<Inner>);

/// What links a leaf to its trust anchor, once it is proved.
#[derive(Clone, Debug)]
pub(crate) struct ProvedPath {
    /// Places of the intermediates among the presented certificates, the leaf's issuer first.
    pub(crate) intermediates: Vec<usize>,
    pub(crate) anchor: Arc<CertificateDer<'static>>,
}

struct Inner {
    names: NameRanges,
    chain: Vec<CertificateDer<'static>>,
    /// `None` where the platform proved it and shows it to nobody.
    path: Option<ProvedPath>,
    subject: Box<[u8]>,
    issuer: Box<[u8]>,
    serial: Box<[u8]>,
    spki: Box<[u8]>,
    not_before: UnixTime,
    not_after: UnixTime,
}

impl PeerIdentity {
    /// Takes the names of `leaf` and a copy of the presented chain, whose first certificate it is.
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

    /// The SPIFFE ID, when the certificate has exactly one URI name and that is one.
    pub fn spiffe_id(&self) -> Option<&SpiffeId> {
        self.names().spiffe_id()
    }

    /// The DNS names of the subject alternative name extension, in lower case. A wildcard stands as
    /// it is.
    pub fn dns_names(&self) -> impl Iterator<Item = &str> + Clone {
        self.names().texts(NameKind::Dns)
    }

    /// The URI names of the subject alternative name extension.
    pub fn uris(&self) -> impl Iterator<Item = &str> + Clone {
        self.names().texts(NameKind::Uri)
    }

    /// The IP addresses of the subject alternative name extension.
    pub fn ip_addresses(&self) -> impl Iterator<Item = IpAddr> + Clone {
        self.names().ips()
    }

    /// The e-mail addresses of the subject alternative name extension.
    pub fn email_addresses(&self) -> impl Iterator<Item = &str> + Clone {
        self.names().texts(NameKind::Email)
    }

    /// The subject's common name, when it has exactly one.
    pub fn common_name(&self) -> Option<&str> {
        self.names().common_name()
    }

    /// The subject's organizational units, in the order in which they stand there.
    pub fn organizational_units(&self) -> impl Iterator<Item = &str> + Clone {
        self.names().texts(NameKind::OrganizationalUnit)
    }

    /// The subject's organizations, in the order in which they stand there.
    pub fn organizations(&self) -> impl Iterator<Item = &str> + Clone {
        self.names().texts(NameKind::Organization)
    }

    /// The names that cannot be decoded or are no legal names of their kind: alternative names, and
    /// the subject's common names, organizations and organizational units.
    ///
    /// None under [`CertificateProfile::Rfc5280`](crate::policy::CertificateProfile::Rfc5280), which
    /// rejects such a certificate.
    pub fn unreadable_names(&self) -> impl Iterator<Item = UnreadableName<'_>> + Clone {
        self.names().unreadable()
    }

    /// The subject in the form of RFC 4514.
    pub fn subject(&self) -> String {
        rfc4514_whole(&self.0.subject)
    }

    /// The issuer in the form of RFC 4514.
    pub fn issuer(&self) -> String {
        rfc4514_whole(&self.0.issuer)
    }

    /// The serial number: the content of the DER INTEGER, big-endian.
    pub fn serial_number(&self) -> &[u8] {
        &self.0.serial
    }

    /// The first second in which the certificate is valid.
    pub fn not_before(&self) -> UnixTime {
        self.0.not_before
    }

    /// The last second in which the certificate is valid.
    pub fn not_after(&self) -> UnixTime {
        self.0.not_after
    }

    /// SHA-256 over the leaf certificate.
    pub fn certificate_sha256(&self) -> [u8; 32] {
        Sha256::digest(self.leaf()).into()
    }

    /// SHA-256 over the leaf's `SubjectPublicKeyInfo` (RFC 7469, section 2.4).
    pub fn spki_sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.0.spki).into()
    }

    /// The certificates that the peer presented, leaf first, as far as the backend shows them.
    ///
    /// rustls shows all; an OpenSSL server the path that OpenSSL built; native-tls the leaf.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.0.chain
    }

    /// The trust anchor that the proved path ends in; `None` on native-tls, which does not show it.
    pub fn trust_anchor(&self) -> Option<&CertificateDer<'static>> {
        self.0.path.as_ref().map(|path| &*path.anchor)
    }

    /// The proved path above the leaf: its issuer first, the trust anchor last (RFC 5280, section
    /// 6.1). Empty on native-tls.
    pub fn issuers(&self) -> impl Iterator<Item = &CertificateDer<'static>> {
        let path = self.0.path.iter();
        path.flat_map(|path| {
            let intermediates = path.intermediates.iter();
            intermediates
                .filter_map(|&index| self.0.chain.get(index))
                .chain([&*path.anchor])
        })
    }

    /// The last second in which the proved path is valid: the earliest `notAfter` in it.
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

    /// The issuer's `Name`, in DER.
    pub(crate) fn issuer_der(&self) -> &[u8] {
        &self.0.issuer
    }

    pub(crate) fn names(&self) -> Names<'_> {
        self.0.names.of(self.leaf())
    }
}

impl fmt::Display for PeerIdentity {
    /// The SPIFFE ID, else the first DNS name, else the common name, else the subject.
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
