use core::fmt;
use core::net::IpAddr;
use std::sync::Arc;

use pki_types::CertificateDer;

use super::error::ForwardedError;
use crate::crypto;
use crate::material::CertificateChain;
use crate::peer::{NameKind, NameRanges, Names, PeerIdentity, SpiffeId, cut};
use crate::x509::{Certificate, rfc4514_whole};

/// A client as a trusted gateway describes it: the certificate that it presented to the gateway.
///
/// It is a statement of the gateway, not a proof: this process verified the gateway, and nothing
/// about the client. So it is no [`PeerIdentity`], and neither can be converted into the other. It
/// has the names that the gateway verified only if the gateway verifies its clients. Decide by it
/// what the gateway may decide.
///
/// Names are read from the certificate as strictly as those of a [`PeerIdentity`]; the names that
/// an `X-Forwarded-Client-Cert` has beside it do not count. `Display` writes the most specific name
/// and the gateway, for logs. Cloning is cheap.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let (gateway, client) = (pki::peer(), pki::peer());
/// # let headers = mtls::http::ForwardedHeaders::client_cert(mtls::PeerMatcher::any_authenticated());
/// # let mut map = http::HeaderMap::new();
/// # mtls::http::write_client_cert(&mut map, &client)?;
/// # use mtls::http::RequestClient;
/// # let RequestClient::Forwarded(peer) = headers.take(Some(&gateway), &mut map)? else { panic!() };
/// assert_eq!(peer.spiffe_id().unwrap().as_str(), "spiffe://prod.example/payments");
/// assert!(peer.dns_names().eq(["payments.example"]));
/// assert!(peer.uris().eq(["spiffe://prod.example/payments"]));
/// assert!(peer.email_addresses().eq(["ops@payments.example"]));
/// assert!(peer.ip_addresses().all(|ip| ip.is_ipv4()));
/// assert_eq!(peer.common_name(), Some("payments"));
/// println!("{} {:x?}, by {}", peer.subject(), peer.certificate_sha256(), peer.gateway());
/// assert_eq!(peer.chain().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// ```compile_fail,E0277
/// fn verified(peer: mtls::http::ForwardedPeer) -> mtls::PeerIdentity {
///     peer.into()
/// }
/// ```
#[derive(Clone)]
pub struct ForwardedPeer(Arc<Inner>);

struct Inner {
    gateway: PeerIdentity,
    chain: CertificateChain,
    names: NameRanges,
    subject: String,
}

impl ForwardedPeer {
    pub(super) fn new(
        gateway: PeerIdentity,
        chain: CertificateChain,
        header: &'static str,
    ) -> Result<Self, ForwardedError> {
        let invalid = |problem| ForwardedError::InvalidName { header, problem };
        let leaf = Certificate::from_der(chain.leaf()).map_err(|e| invalid(e.into()))?;
        let names = NameRanges::read(&leaf).map_err(|e| invalid(e.into()))?;
        let subject = rfc4514_whole(leaf.subject);
        Ok(Self(Arc::new(Inner {
            gateway,
            chain,
            names,
            subject,
        })))
    }

    /// Returns the gateway: the verified peer that sent the request.
    pub fn gateway(&self) -> &PeerIdentity {
        &self.0.gateway
    }

    /// Returns the certificates, the client's own first, at most
    /// [`CertificateChain::MAX_CERTIFICATES`].
    ///
    /// Each is well-formed X.509. Whether they form a chain is not checked, and on
    /// `X-Forwarded-Client-Cert` those above the first may be all that the client presented.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        self.0.chain.as_slice()
    }

    /// Returns the SPIFFE ID, if the certificate is an X.509-SVID.
    pub fn spiffe_id(&self) -> Option<&SpiffeId> {
        self.names().spiffe_id()
    }

    /// Returns the DNS names of the subject alternative name extension, in lower case.
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

    /// Returns the subject in the form of RFC 4514.
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// Returns the SHA-256 digest of the client's certificate.
    pub fn certificate_sha256(&self) -> [u8; 32] {
        sha256(self.0.chain.leaf())
    }

    fn names(&self) -> Names<'_> {
        self.0.names.of(self.0.chain.leaf())
    }
}

impl fmt::Display for ForwardedPeer {
    /// Writes the SPIFFE ID, the first DNS name, the common name or the subject, whichever exists
    /// first, and the gateway.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.spiffe_id().map(SpiffeId::as_str);
        let name = id.or(self.dns_names().next()).or(self.common_name());
        let name = cut(name.unwrap_or(self.subject()));
        write!(f, "{name} (by {})", self.0.gateway)
    }
}

impl fmt::Debug for ForwardedPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForwardedPeer")
            .field("subject", &cut(&self.0.subject))
            .field("names", &self.names())
            .field("certificates", &self.chain().len())
            .field("gateway", &self.0.gateway)
            .finish()
    }
}

pub(super) fn sha256(certificate: &CertificateDer<'_>) -> [u8; 32] {
    crypto::sha256(certificate)
}
