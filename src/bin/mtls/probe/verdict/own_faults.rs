use mtls::connection::Side;
use mtls::material::{CertificateDescription, DistinguishedName};
use mtls::pki_types::{CertificateDer, UnixTime};
use mtls::{
    CertificateChain, MtlsIdentity, PeerVerifier, RejectionReason, RevocationRules, VerifierPolicy,
};

use crate::arguments::Material;
use crate::output::Time;
use crate::probe::tls::Request;

/// What we know about our own identity, beside what the server says.
#[derive(Debug, Default)]
pub(crate) struct OwnView {
    pub(crate) faults: Vec<OwnFault>,
    /// The issuer of our last certificate, unless it names itself.
    pub(crate) top_issuer: Option<String>,
    pub(crate) key: String,
    /// What the server's CA names, and its own chain, say about our chain.
    pub(crate) issuer: Option<IssuerFault>,
    /// Whether our own anchors do not prove our chain, as those of the server may not.
    pub(crate) is_unproved: bool,
}

/// A fault of our own certificates, which no server has to like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnFault {
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) hint: String,
}

/// Why our chain does not fit to what the server requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IssuerFault {
    /// The certificate with this subject belongs between our chain and a CA of the server.
    ///
    /// `is_named`: the server names a CA above it.
    MissingIntermediate { subject: String, is_named: bool },
    /// None of the CAs that the server names issued a certificate of our chain.
    OtherCas { named: String },
}

impl OwnView {
    /// Examines our identity as a server could see it.
    pub(crate) fn new(
        material: &Material,
        identity: &MtlsIdentity,
        request: Option<&Request>,
        server_chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Self {
        let described = identity.describe();
        let mut view = Self {
            top_issuer: described.missing_issuer,
            key: described.key.to_string(),
            ..Self::default()
        };
        for (index, certificate) in described.certificates.iter().enumerate() {
            view.faults.extend(validity(index, certificate, now));
        }
        view.faults
            .extend(described.certificates.first().and_then(purpose));
        let chain = identity.chain().as_slice();
        let Some(verifier) = verifier(material) else {
            return view;
        };
        let explanation = verifier.explain_client(chain, now);
        let rejection = explanation.verdict().err();
        view.is_unproved =
            rejection.is_some_and(|rejection| rejection.reason() == RejectionReason::UnknownIssuer);
        if let Some(rejection) = rejection
            && is_about_certificates(rejection.reason())
            && view.faults.is_empty()
        {
            view.faults.push(OwnFault {
                reason: rejection.reason().as_str(),
                message: format!("our own policy would reject our chain: {rejection}"),
                hint: rejection.hint().into_owned(),
            });
        }
        view.issuer = request
            .and_then(|request| issuer_fault(&verifier, identity, request, server_chain, now));
        view
    }
}

/// Our verifier of clients, without a policy about names; certificates without a list pass.
fn verifier(material: &Material) -> Option<PeerVerifier> {
    let own = Material {
        identity: None,
        trust: material.trust.clone(),
        revocation_lists: material.revocation_lists.clone(),
        policy: Some(
            VerifierPolicy::allow_any_authenticated().revocation(
                RevocationRules::require(mtls::policy::RevocationDepth::Chain)
                    .danger_allow_unknown_status()
                    .danger_allow_stale_lists(),
            ),
        ),
        server_name: None,
    };
    own.verifier().ok()
}

/// Whether the reason is a fault of certificates, and not of the server's trust.
fn is_about_certificates(reason: RejectionReason) -> bool {
    use RejectionReason as Reason;
    matches!(
        reason,
        Reason::Expired
            | Reason::NotYetValid
            | Reason::Revoked
            | Reason::UnsupportedKey
            | Reason::UnsupportedVersion
            | Reason::WrongExtendedKeyUsage
            | Reason::WrongKeyUsage
            | Reason::LeafIsCa
            | Reason::NameConstraintViolated
            | Reason::PathLengthExceeded
    )
}

fn validity(index: usize, certificate: &CertificateDescription, now: UnixTime) -> Option<OwnFault> {
    let which = match index {
        0 => format!("our certificate ({})", certificate.subject),
        _ => format!("certificate {index} of our chain ({})", certificate.subject),
    };
    if now > certificate.not_after {
        let end = Time(certificate.not_after);
        return Some(OwnFault {
            reason: RejectionReason::Expired.as_str(),
            message: format!("{which} expired at {end}, now is {}", Time(now)),
            hint: "renew it; if it looks valid, compare the clock of this machine".to_owned(),
        });
    }
    (now < certificate.not_before).then(|| OwnFault {
        reason: RejectionReason::NotYetValid.as_str(),
        message: format!(
            "{which} is not valid before {}, now is {}",
            Time(certificate.not_before),
            Time(now)
        ),
        hint: "compare the clocks of this machine and of the CA, or wait".to_owned(),
    })
}

fn purpose(leaf: &CertificateDescription) -> Option<OwnFault> {
    let usages = leaf.extended_key_usages.as_ref()?;
    // A purpose that the library has no name for stands there as a number.
    let allows = |usage: &String| usage == "clientAuth";
    (!usages.iter().any(allows)).then(|| OwnFault {
        reason: RejectionReason::WrongExtendedKeyUsage.as_str(),
        message: format!(
            "the extended key usage of our certificate ({}) lacks clientAuth: it is none of a {}",
            usages.join(", "),
            Side::Client
        ),
        hint: "have it reissued with clientAuth, by a private CA since public ones stop doing so"
            .to_owned(),
    })
}

fn issuer_fault(
    verifier: &PeerVerifier,
    identity: &MtlsIdentity,
    request: &Request,
    server_chain: &[CertificateDer<'_>],
    now: UnixTime,
) -> Option<IssuerFault> {
    let ours = identity.chain();
    let missing = missing_intermediate(verifier, ours.as_slice(), server_chain, now);
    let completed = missing.as_ref().map_or(ours, |missing| &missing.completed);
    match (missing.as_ref(), request.names_ca_of(completed)) {
        (_, Some(false)) => Some(IssuerFault::OtherCas {
            named: request.named(),
        }),
        (Some(missing), named) => Some(IssuerFault::MissingIntermediate {
            subject: missing.subject.clone(),
            is_named: named == Some(true),
        }),
        (None, _) => None,
    }
}

/// A CA whose certificate our chain lacks, and the chain that has it.
struct Missing {
    subject: String,
    completed: CertificateChain,
}

/// Looks for a CA's certificate in the server's own chain that our chain lacks.
///
/// Our anchors prove it by its signature: its name alone could be that of another CA.
fn missing_intermediate(
    verifier: &PeerVerifier,
    ours: &[CertificateDer<'_>],
    server_chain: &[CertificateDer<'_>],
    now: UnixTime,
) -> Option<Missing> {
    let is_complete = |chain: &[CertificateDer<'_>]| match verifier.verify_client(chain, now) {
        Ok(_) => true,
        Err(rejection) => rejection.reason() != RejectionReason::UnknownIssuer,
    };
    if is_complete(ours) {
        return None;
    }
    let above = server_chain
        .iter()
        .skip(1)
        .take(CertificateChain::MAX_CERTIFICATES);
    let above: Vec<_> = above.filter(|der| !ours.contains(der)).cloned().collect();
    let longer: Vec<_> = ours.iter().chain(&above).cloned().collect();
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
    })
}

impl Request {
    /// Returns whether the server names a CA that issued a certificate of this chain.
    ///
    /// `None`: it names none, or names so many that not all were kept.
    fn names_ca_of(&self, chain: &CertificateChain) -> Option<bool> {
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
