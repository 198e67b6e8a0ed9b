use mtls::connection::Side;
use mtls::material::CertificateDescription;
use mtls::pki_types::{CertificateDer, UnixTime};
use mtls::{MtlsIdentity, RejectionReason};

use super::fault::OwnFault;
use super::issuer::{IssuerFault, issuer_fault};
use super::verifier::verifier;
use crate::arguments::{Material, quoted};
use crate::output::{Finding, Time};
use crate::probe::tls::Request;

/// What we know about our own identity, beside what the server says.
#[derive(Debug, Default)]
pub(crate) struct OwnView {
    pub(crate) faults: Vec<OwnFault>,
    /// The issuer of our last certificate, unless it names itself.
    pub(crate) top_issuer: Option<String>,
    pub(crate) key: String,
    /// Names our certificate by its subject and serial number.
    pub(crate) leaf: String,
    /// The file of our chain, quoted for a shell, if arguments name it.
    pub(crate) chain_file: Option<String>,
    /// Whether the server names a CA that issued a certificate of our chain; `None`: not known.
    pub(crate) is_our_ca_named: Option<bool>,
    /// What the server's CA names, and its own chain, say about our chain.
    pub(crate) issuer: Option<IssuerFault>,
    /// Whether our own anchors do not prove our chain, as those of the server may not.
    pub(crate) is_unproved: bool,
}

impl OwnView {
    /// Returns why our chain does not fit to what the server requests, as a fault of ours.
    pub(crate) fn issuer_fault(&self) -> Option<OwnFault> {
        let below = self.top_issuer.as_deref().unwrap_or("a CA of our own");
        let issuer = self.issuer.as_ref()?;
        Some(issuer.as_fault(below, self.chain_file.as_deref()))
    }

    /// Examines our identity as a server could see it.
    pub(crate) fn new(
        material: &Material,
        identity: &MtlsIdentity,
        request: Option<&Request>,
        server_chain: &[CertificateDer<'static>],
        now: UnixTime,
    ) -> Self {
        let described = identity.describe();
        let mut view = Self {
            top_issuer: described.missing_issuer,
            key: described.key.to_string(),
            leaf: described.certificates.first().map(name).unwrap_or_default(),
            chain_file: material.chain_file.as_deref().map(quoted),
            is_our_ca_named: request.and_then(|request| request.names_ca_of(identity.chain())),
            ..Self::default()
        };
        for (index, certificate) in described.certificates.iter().enumerate() {
            view.faults.extend(validity(index, certificate, now));
        }
        view.faults
            .extend(described.certificates.first().and_then(purpose));
        let chain = identity.chain().as_slice();
        let trust = material.trust.clone();
        let Some(verifier) = trust.and_then(|trust| verifier(material, trust)) else {
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
                hint: Finding::from(rejection).hint.unwrap_or_default(),
            });
        }
        view.issuer = request
            .and_then(|request| issuer_fault(material, identity, request, server_chain, now));
        view
    }
}

fn name(leaf: &CertificateDescription) -> String {
    format!("{}, serial number {}", leaf.subject, leaf.serial_number)
}

/// Whether the reason is a fault of certificates, and not one of trust, lists or a policy.
fn is_about_certificates(reason: RejectionReason) -> bool {
    use RejectionReason as Reason;
    !matches!(
        reason,
        Reason::AnchorExpired
            | Reason::NameMismatch
            | Reason::NoCertificate
            | Reason::NotAuthorized
            | Reason::NotServing
            | Reason::RevocationListStale
            | Reason::RevocationStatusUnknown
            | Reason::UnknownIssuer
            | Reason::UnknownTrustDomain
            | Reason::VerifierPanicked
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
