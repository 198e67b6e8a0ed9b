//! Whether our chain leads to a CA that the server requests.

use mtls::material::{CertificateDescription, DistinguishedName};
use mtls::pki_types::{CertificateDer, UnixTime};
use mtls::policy::Trust;
use mtls::{CertificateChain, MtlsIdentity, PeerVerifier, RejectionReason, TrustAnchors};

use super::fault::OwnFault;
use super::verifier::verifier;
use crate::arguments::Material;
use crate::probe::tls::Request;

/// Why our chain does not fit to what the server requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IssuerFault {
    /// The certificate with this subject belongs between our chain and a CA of the server.
    ///
    MissingIntermediate {
        subject: String,
        /// Whether the server names a CA above it.
        is_named: bool,
        holder: Holder,
    },
    /// None of the CAs that the server names issued a certificate of our chain.
    OtherCas { named: String },
}

/// Where a certificate is that our chain lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    OurAnchors,
    ServerChain,
}

impl IssuerFault {
    /// Returns it as a fault of our chain.
    pub(super) fn as_fault(&self, below: &str, file: Option<&str>) -> OwnFault {
        match self {
            Self::MissingIntermediate {
                subject, holder, ..
            } => {
                let holder = match holder {
                    Holder::OurAnchors => "is among our own trust anchors",
                    Holder::ServerChain => "the server's own chain has",
                };
                let file = file.unwrap_or("CLIENT.crt");
                OwnFault {
                    reason: "missing_intermediate",
                    message: format!(
                        "our chain lacks the certificate of the CA \"{subject}\", which {holder}"
                    ),
                    hint: format!(
                        "append that CA's certificate to our chain: `cat INTERMEDIATE.crt >> {file}`"
                    ),
                }
            }
            Self::OtherCas { named } => OwnFault {
                reason: RejectionReason::UnknownIssuer.as_str(),
                message: format!(
                    "the server requests a certificate of one of these CAs: {named}; our chain ends below \"{below}\""
                ),
                hint: "present a certificate that one of them issued, with the certificates in between, or add our CA to \
                       those that the server trusts"
                    .to_owned(),
            },
        }
    }
}

/// Compares our chain with what the server requests, and with the certificates at hand.
pub(super) fn issuer_fault(
    material: &Material,
    identity: &MtlsIdentity,
    request: &Request,
    server_chain: &[CertificateDer<'static>],
    now: UnixTime,
) -> Option<IssuerFault> {
    let ours = identity.chain();
    let missing = missing_intermediate(material, ours.as_slice(), server_chain, now);
    let completed = missing.as_ref().map_or(ours, |missing| &missing.completed);
    match (missing.as_ref(), request.names_ca_of(completed)) {
        (_, Some(false)) => Some(IssuerFault::OtherCas {
            named: request.named(),
        }),
        (Some(missing), named) => Some(IssuerFault::MissingIntermediate {
            subject: missing.subject.clone(),
            is_named: named == Some(true),
            holder: missing.holder,
        }),
        (None, _) => None,
    }
}

/// A CA whose certificate our chain lacks, and the chain that has it.
struct Missing {
    subject: String,
    completed: CertificateChain,
    holder: Holder,
}

/// Looks for a CA's certificate that our chain lacks: in the server's chain, and among our anchors.
///
/// A server that trusts the root alone does not know the intermediates among our anchors.
fn missing_intermediate(
    material: &Material,
    ours: &[CertificateDer<'_>],
    server_chain: &[CertificateDer<'static>],
    now: UnixTime,
) -> Option<Missing> {
    let by_all = verifier(material, material.trust.clone()?);
    let above = server_chain.iter().skip(1);
    let above = above.take(CertificateChain::MAX_CERTIFICATES);
    let found = by_all.and_then(|by_all| completed(&by_all, ours, above, Holder::ServerChain, now));
    found.or_else(|| {
        let Some(Trust::Anchors(anchors)) = &material.trust else {
            return None;
        };
        let (roots, intermediates): (Vec<_>, Vec<_>) =
            anchors.as_slice().iter().partition(|anchor| {
                CertificateDescription::from_der(anchor).is_ok_and(|ca| ca.subject == ca.issuer)
            });
        let roots = TrustAnchors::from_der(roots.into_iter().cloned()).ok()?;
        let by_roots = verifier(material, roots.into())?;
        let intermediates = intermediates.into_iter();
        let intermediates = intermediates.take(CertificateChain::MAX_CERTIFICATES);
        completed(&by_roots, ours, intermediates, Holder::OurAnchors, now)
    })
}

/// Returns what completes our chain, if these certificates do.
///
/// The anchors prove it by its signature: its name alone could be that of another CA.
fn completed<'a>(
    verifier: &PeerVerifier,
    ours: &[CertificateDer<'_>],
    above: impl Iterator<Item = &'a CertificateDer<'static>>,
    holder: Holder,
    now: UnixTime,
) -> Option<Missing> {
    let is_complete = |chain: &[CertificateDer<'_>]| match verifier.verify_client(chain, now) {
        Ok(_) => true,
        Err(rejection) => rejection.reason() != RejectionReason::UnknownIssuer,
    };
    if is_complete(ours) {
        return None;
    }
    let above: Vec<_> = above.filter(|der| !ours.contains(der)).cloned().collect();
    let longer: Vec<_> = ours.iter().cloned().chain(above.iter().cloned()).collect();
    if above.is_empty() || !is_complete(&longer) {
        return None;
    }
    let chain = |ders: &[CertificateDer<'_>]| {
        let ders = ders.iter().cloned().map(CertificateDer::into_owned);
        CertificateChain::from_der(ders).ok()
    };
    Some(Missing {
        subject: chain(ours)?.describe().missing_issuer?,
        completed: chain(&longer)?,
        holder,
    })
}

impl Request {
    /// Returns whether the server names a CA that issued a certificate of this chain.
    ///
    /// `None`: it names none, or names so many that not all were kept.
    pub(super) fn names_ca_of(&self, chain: &CertificateChain) -> Option<bool> {
        let mut names = self.ca_names.iter();
        if names.any(|der| chain.is_issued_by(DistinguishedName::new(der))) {
            return Some(true);
        }
        let is_whole = !self.ca_names.is_empty() && self.ca_names_left_out == 0;
        is_whole.then_some(false)
    }

    /// Returns the CA names for a message.
    pub(crate) fn named(&self) -> String {
        /// Names that are shown.
        const SHOWN: usize = 4;
        let names = self.ca_names.iter().take(SHOWN);
        let mut named: Vec<_> = names
            .map(|der| format!("\"{}\"", DistinguishedName::new(der)))
            .collect();
        let all = self.ca_names.len().saturating_add(self.ca_names_left_out);
        match all.saturating_sub(named.len()) {
            0 => {}
            more => named.push(format!("{more} more")),
        }
        named.join(", ")
    }
}
