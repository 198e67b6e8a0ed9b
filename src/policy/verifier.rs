use core::fmt;
use std::borrow::Cow;

use pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::EndEntityCert;

use super::algorithms::SignatureAlgorithms;
use super::anchor::{Anchors, constrains_names};
use super::leaf::{Role, check_leaf, check_validity};
use super::matcher::common_name_as_dns;
use super::path::{Presented, check_path};
use super::rejection::{Rejection, RejectionReason};
use super::v1;
use super::verifier_policy::{CommonNameRule, ServerNameRule, VerifierPolicy, X509V1Leaf};
use crate::error::BuildError;
use crate::material::TrustAnchors;
use crate::peer::{Names, PeerIdentity};
use crate::x509::{Certificate, Version};

/// Certificates that a peer may present. A TLS handshake message holds fewer of any that could be real.
pub(crate) const MAX_PRESENTED_CERTIFICATES: usize = 256;

/// The judge: says who the peer is, or why it is refused.
///
/// Pure: no I/O, no clock of its own, no TLS, no cache. Every backend asks it, and so can you, offline:
///
/// ```no_run
/// # fn f(anchors: mtls::TrustAnchors, chain: Vec<mtls::pki_types::CertificateDer<'static>>)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::{PeerVerifier, Rustls, VerifierPolicy};
/// let verifier = PeerVerifier::new(
///     &anchors,
///     VerifierPolicy::allow_any_authenticated(),
///     Rustls::default().signature_algorithms()?,
/// )?;
/// let peer = verifier.verify_client(&chain, mtls::pki_types::UnixTime::now())?;
/// # Ok(())
/// # }
/// ```
pub struct PeerVerifier {
    anchors: Anchors,
    policy: VerifierPolicy,
    algorithms: SignatureAlgorithms,
}

impl PeerVerifier {
    /// Judges the anchors and keeps everything that a verdict needs.
    ///
    /// # Errors
    /// [`BuildError::Anchor`] for an anchor that is no CA's certificate: not version 3, without basicConstraints
    /// `CA:TRUE`, with a keyUsage that lacks keyCertSign, or with a key that is not on the list.
    pub fn new(
        anchors: &TrustAnchors,
        policy: VerifierPolicy,
        algorithms: SignatureAlgorithms,
    ) -> Result<Self, BuildError> {
        Ok(Self {
            anchors: Anchors::new(anchors)?,
            policy,
            algorithms,
        })
    }

    /// Judges a client by the chain that it presented, leaf first.
    ///
    /// # Errors
    /// The [`Rejection`] with the first rule that the chain breaks (RFC 5280, section 6; then the policy).
    pub fn verify_client(
        &self,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<PeerIdentity, Rejection> {
        self.verify(chain, Role::Client, None, now)
    }

    /// Judges a server by the chain that it presented, leaf first, and the name that was connected to.
    ///
    /// # Errors
    /// The [`Rejection`] with the first rule that the chain breaks (RFC 5280, section 6; RFC 9525; then the policy).
    pub fn verify_server(
        &self,
        chain: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<PeerIdentity, Rejection> {
        self.verify(chain, Role::Server, Some(server_name), now)
    }

    /// Judges the leaf of a server whose path the platform has proved to these anchors, which shows no more of it.
    pub(crate) fn verify_server_leaf(
        &self,
        leaf: &CertificateDer<'_>,
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<PeerIdentity, Rejection> {
        let presented = read(core::slice::from_ref(leaf))?;
        let certificate = leaf_of(&presented)?;
        let names = read_names(certificate)?;
        check_version(certificate)?;
        check_leaf(certificate, Role::Server, now)?;
        self.check_names(&presented, certificate, names, Some(server_name))
    }

    /// Asks again about a peer that was judged: whether its certificate is still valid and the policy admits it.
    pub(crate) fn confirm(&self, peer: &PeerIdentity, now: UnixTime) -> Result<(), Rejection> {
        if now < peer.not_before() || now > peer.not_after() {
            let leaf = Certificate::from_der(peer.leaf())
                .map_err(|_| Rejection::new(RejectionReason::MalformedCertificate))?;
            check_validity(0, &leaf, now)?;
        }
        self.authorize(peer)
    }

    fn verify(
        &self,
        chain: &[CertificateDer<'_>],
        role: Role,
        server_name: Option<&ServerName<'_>>,
        now: UnixTime,
    ) -> Result<PeerIdentity, Rejection> {
        let presented = read(chain)?;
        let leaf = leaf_of(&presented)?;
        let names = read_names(leaf)?;
        if leaf.version == Version::V1 && self.policy.x509_v1_leaf == X509V1Leaf::Allow {
            v1::check_signed_by_anchor(leaf, &self.anchors, &self.algorithms, now)?;
        } else {
            check_version(leaf)?;
            check_leaf(leaf, role, now)?;
            check_path(&presented, &self.anchors, &self.algorithms, role, now)?;
        }
        self.check_names(&presented, leaf, names, server_name)
    }

    fn check_names(
        &self,
        presented: &Presented<'_>,
        leaf: &Certificate<'_>,
        names: Names,
        server_name: Option<&ServerName<'_>>,
    ) -> Result<PeerIdentity, Rejection> {
        if let Some(server_name) = server_name {
            self.check_server_name(presented, leaf, &names, server_name)?;
        }
        let peer = PeerIdentity::new(leaf, names, presented.chain);
        self.authorize(&peer)?;
        Ok(peer)
    }

    fn check_server_name(
        &self,
        presented: &Presented<'_>,
        leaf: &Certificate<'_>,
        names: &Names,
        server_name: &ServerName<'_>,
    ) -> Result<(), Rejection> {
        let is_named = match self.policy.server_name {
            ServerNameRule::SpiffeId if names.spiffe_id.is_some() => return Ok(()),
            ServerNameRule::SpiffeId => {
                return Err(Rejection::new(RejectionReason::NameMismatch)
                    .about(0, leaf)
                    .with_expected("exactly one URI name, which is a SPIFFE ID")
                    .with_presented(list_of(names)));
            }
            ServerNameRule::Check if leaf.version == Version::V1 => false,
            ServerNameRule::Check => presented
                .der
                .first()
                .and_then(|der| EndEntityCert::try_from(der).ok())
                .is_some_and(|cert| cert.verify_is_valid_for_subject_name(server_name).is_ok()),
        };
        if is_named || self.is_common_name(presented.chain, names, server_name) {
            return Ok(());
        }
        let rejection = Rejection::new(RejectionReason::NameMismatch)
            .about(0, leaf)
            .with_expected(server_name.to_str())
            .with_presented(list_of(names));
        Err(match names.has_san {
            true => rejection,
            false => rejection.with_hint(
                "the certificate has no subject alternative names, and a common name is no host name (RFC 9525): \
                 reissue it with a subjectAltName; or allow it by `danger_allow_common_name_as_dns`",
            ),
        })
    }

    fn is_common_name(
        &self,
        chain: &[CertificateDer<'_>],
        names: &Names,
        server_name: &ServerName<'_>,
    ) -> bool {
        match server_name {
            ServerName::DnsName(wanted) if self.takes_common_name(chain) => {
                common_name_as_dns(names)
                    .is_some_and(|name| name.eq_ignore_ascii_case(wanted.as_ref()))
            }
            _ => false,
        }
    }

    /// Whether the opt-in is on and no CA above the leaf limits names: such constraints bind no common name, so none may
    /// stand in for a name then.
    fn takes_common_name(&self, chain: &[CertificateDer<'_>]) -> bool {
        let is_free = |der: &CertificateDer<'_>| match Certificate::from_der(der) {
            Ok(c) => !constrains_names(&c) && !self.anchors.constrain_names(c.issuer),
            // Passed over: it is above nobody.
            Err(_) => true,
        };
        self.policy.common_name == CommonNameRule::AsDnsName && chain.iter().all(is_free)
    }

    fn authorize(&self, peer: &PeerIdentity) -> Result<(), Rejection> {
        let common_name_is_dns = self.takes_common_name(peer.chain());
        match self.policy.matcher.admits(peer, common_name_is_dns) {
            Ok(()) => Ok(()),
            Err(said) => {
                let presented = match said {
                    Some(said) => format!("{} ({said})", list_of(peer.names())),
                    None => list_of(peer.names()),
                };
                let rejection = Rejection::new(RejectionReason::NotAllowed)
                    .with_expected(self.policy.matcher.to_string())
                    .with_presented(presented);
                Err(match Certificate::from_der(peer.leaf()) {
                    Ok(leaf) => rejection.about(0, &leaf),
                    Err(_) => rejection,
                })
            }
        }
    }
}

impl fmt::Debug for PeerVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerVerifier")
            .field("policy", &self.policy)
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}

/// Reads what was presented. The leaf must be sound; any other that is not can issue nothing and is passed over, but
/// bytes that have not the shape of a certificate are refused wherever they stand.
///
/// OpenSSL draws the same line: it ends the handshake at such bytes, and takes no unsound certificate into its path.
fn read<'a>(chain: &'a [CertificateDer<'a>]) -> Result<Presented<'a>, Rejection> {
    if chain.len() > MAX_PRESENTED_CERTIFICATES {
        return Err(Rejection::new(RejectionReason::PathTooLong)
            .with_expected(format!("at most {MAX_PRESENTED_CERTIFICATES} certificates"))
            .with_presented(chain.len().to_string()));
    }
    let mut presented = Presented {
        chain,
        der: Cow::Borrowed(chain),
        certificates: Vec::with_capacity(chain.len()),
        passed_over: None,
    };
    for (index, der) in chain.iter().enumerate() {
        match Certificate::from_der(der) {
            Ok(certificate) => presented.certificates.push((index, certificate)),
            Err(error) if index == 0 || error.is_no_certificate() => {
                return Err(Rejection::new(RejectionReason::MalformedCertificate)
                    .with_presented(format!("certificate {index}: {error}")));
            }
            Err(error) => presented.passed_over = Some(format!("certificate {index}: {error}")),
        }
    }
    if presented.passed_over.is_some() {
        let kept = presented.certificates.iter().map(|(index, _)| *index);
        let der = kept.filter_map(|index| chain.get(index));
        presented.der = der.map(|der| CertificateDer::from(der.as_ref())).collect();
    }
    Ok(presented)
}

fn leaf_of<'p, 'a>(presented: &'p Presented<'a>) -> Result<&'p Certificate<'a>, Rejection> {
    match presented.certificates.first() {
        Some((_, leaf)) => Ok(leaf),
        None => Err(Rejection::new(RejectionReason::NoCertificate)),
    }
}

fn read_names(leaf: &Certificate<'_>) -> Result<Names, Rejection> {
    Names::read(leaf).map_err(|error| {
        Rejection::new(RejectionReason::MalformedName)
            .about(0, leaf)
            .with_presented(error.to_string())
    })
}

fn check_version(leaf: &Certificate<'_>) -> Result<(), Rejection> {
    match leaf.version {
        Version::V3 => Ok(()),
        version => Err(Rejection::new(RejectionReason::UnsupportedVersion)
            .about(0, leaf)
            .with_expected("X.509 V3")
            .with_presented(format!("X.509 {version:?}"))),
    }
}

/// How many of a certificate's names stand in a message.
const NAMES_SHOWN: usize = 8;

/// A certificate's names in words, for messages.
fn list_of(names: &Names) -> String {
    let mut words: Vec<String> = Vec::new();
    words.extend(names.uris.iter().map(|uri| format!("URI {uri}")));
    words.extend(names.dns.iter().map(|dns| format!("DNS name {dns}")));
    words.extend(names.ips.iter().map(|ip| format!("IP address {ip}")));
    words.extend(names.emails.iter().map(|email| format!("e-mail {email}")));
    words.extend(
        names
            .common_name
            .iter()
            .map(|cn| format!("common name {cn:?}")),
    );
    match words.len().checked_sub(NAMES_SHOWN) {
        _ if words.is_empty() => "no names".to_owned(),
        None | Some(0) => words.join(", "),
        Some(more) => {
            words.truncate(NAMES_SHOWN);
            format!("{}, and {more} more", words.join(", "))
        }
    }
}
