mod page;

use mtls::MtlsIdentity;
use mtls::material::{CertificateDescription, DistinguishedName};
use mtls::pki_types::{CertificateDer, ServerName, UnixTime};
use mtls::policy::Explanation;
use mtls::{CertificateChain, error::Alert};
use serde::Serialize;

use super::arguments::ProbeArguments;
use super::examination::Examination;
use super::starttls::StartTls;
use super::tls::{Attempt, Negotiated, Request, Version, scheme_name};
use super::verdict::{Acceptance, Verdict, Why};
use crate::explain::Step;
use crate::facts::CertificateFacts;
use crate::output::Time;

/// Certificates that are shown, and names of each. Hostile servers send thousands.
const MAX_CERTIFICATES: usize = CertificateChain::MAX_CERTIFICATES;
const MAX_NAMES: usize = 32;

/// What a probe saw.
#[derive(Serialize)]
pub(crate) struct ProbeReport {
    target: String,
    /// The address that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    starttls: Option<&'static str>,
    at: Time,
    /// The server's verdict about us; absent if it was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    acceptance: Option<AcceptanceReport>,
    /// Our verdict about the server; absent if it presented nothing, or there are no anchors.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<TlsReport>,
    versions: Vec<VersionReport>,
    /// Absent if the server requests none.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_request: Option<RequestReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<IdentityReport>,
    /// The server's chain, the leaf first.
    presented: Vec<CertificateReport>,
    presented_left_out: usize,
    /// Whether people see each step of a policy that accepts the server.
    #[serde(skip)]
    is_verbose: bool,
}

#[derive(Serialize)]
struct AcceptanceReport {
    verdict: Verdict,
    evidence: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    alert: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Why>,
}

#[derive(Serialize)]
struct PolicyReport {
    is_accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<String>,
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct TlsReport {
    version: &'static str,
    cipher_suite: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature_scheme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alpn: Option<String>,
}

#[derive(Serialize)]
struct VersionReport {
    version: &'static str,
    /// `null` if it is not known.
    is_spoken: Option<bool>,
}

#[derive(Serialize)]
struct RequestReport {
    /// `null` if it is not known.
    is_required: Option<bool>,
    /// The CAs whose certificates the server wants (RFC 4514); none: it does not say.
    ca_names: Vec<String>,
    ca_names_left_out: usize,
    signature_schemes: Vec<String>,
}

#[derive(Serialize)]
struct IdentityReport {
    subject: String,
    /// Whether our certificate was sent to the server.
    is_presented: bool,
}

/// One certificate; without facts where it cannot be read.
#[derive(Serialize)]
struct CertificateReport {
    index: usize,
    #[serde(flatten)]
    facts: Option<CertificateFacts>,
}

impl ProbeReport {
    /// Creates a report of a probe that has not begun.
    pub(super) fn new(arguments: &ProbeArguments, at: Time) -> Self {
        Self {
            target: arguments.target.to_string(),
            address: None,
            server_name: None,
            starttls: arguments.starttls.map(StartTls::as_str),
            at,
            acceptance: None,
            policy: None,
            tls: None,
            versions: Vec::new(),
            certificate_request: None,
            identity: None,
            presented: Vec::new(),
            presented_left_out: 0,
            is_verbose: arguments.verbose,
        }
    }

    pub(super) fn asked_for(&mut self, name: &ServerName<'_>) {
        self.server_name = Some(name.to_str().into_owned());
    }

    pub(super) fn fill(&mut self, seen: &Examination, identity: Option<&MtlsIdentity>) {
        self.address = seen.address.map(|address| address.to_string());
        self.acceptance = seen.acceptance.as_ref().map(AcceptanceReport::of);
        self.versions = seen.versions.iter().map(VersionReport::of).collect();
        self.identity = identity.map(|identity| IdentityReport {
            subject: subject(identity),
            is_presented: seen
                .presenting
                .as_ref()
                .is_some_and(Attempt::has_sent_certificate),
        });
        let Some(look) = &seen.look else { return };
        self.policy = look.explanation.as_ref().map(PolicyReport::of);
        self.tls = look.negotiated.as_ref().map(|tls| TlsReport::of(tls, look));
        let required = seen.is_certificate_required();
        self.certificate_request = look
            .request
            .as_ref()
            .map(|r| RequestReport::of(r, required));
        self.presented = certificates(&look.presented, self.at.0);
        let all = look.presented.len();
        self.presented_left_out = all.saturating_sub(self.presented.len());
    }
}

fn subject(identity: &MtlsIdentity) -> String {
    let described = identity.describe().certificates;
    described
        .first()
        .map(|leaf| leaf.subject.clone())
        .unwrap_or_default()
}

/// Describes each certificate by itself, since one that cannot be read must not hide the others.
fn certificates(presented: &[CertificateDer<'static>], at: UnixTime) -> Vec<CertificateReport> {
    let shown = presented.iter().enumerate().take(MAX_CERTIFICATES);
    let described = shown.map(|(index, der)| CertificateReport {
        index,
        facts: CertificateDescription::from_der(der)
            .ok()
            .map(|mut described| {
                let left_out = described.names.len().saturating_sub(MAX_NAMES);
                described.names.truncate(MAX_NAMES);
                let mut facts = CertificateFacts::new(&described, at);
                if left_out > 0 {
                    facts.names.push(format!("{left_out} more"));
                }
                facts
            }),
    });
    described.collect()
}

impl AcceptanceReport {
    fn of(acceptance: &Acceptance) -> Self {
        Self {
            verdict: acceptance.verdict,
            evidence: acceptance.evidence,
            alert: acceptance.alert.map(Alert::as_str),
            cause: acceptance.why.clone(),
        }
    }
}

impl PolicyReport {
    fn of(explanation: &Explanation) -> Self {
        let peer = explanation.verdict().ok();
        Self {
            is_accepted: peer.is_some(),
            peer: peer.map(ToString::to_string),
            steps: Step::all(explanation.steps()),
        }
    }
}

impl TlsReport {
    fn of(tls: &Negotiated, look: &Attempt) -> Self {
        let alpn = tls.alpn.as_deref();
        Self {
            version: tls.version.as_str(),
            cipher_suite: tls.cipher_suite.clone(),
            group: tls.group.clone(),
            signature_scheme: look.signature_scheme.map(scheme_name),
            alpn: alpn.map(|name| String::from_utf8_lossy(name).into_owned()),
        }
    }
}

impl VersionReport {
    fn of((version, is_spoken): &(Version, Option<bool>)) -> Self {
        Self {
            version: version.as_str(),
            is_spoken: *is_spoken,
        }
    }
}

impl RequestReport {
    fn of(request: &Request, is_required: Option<bool>) -> Self {
        let names = request.ca_names.iter();
        Self {
            is_required,
            ca_names: names
                .map(|der| DistinguishedName::new(der).to_string())
                .collect(),
            ca_names_left_out: request.ca_names_left_out,
            signature_schemes: request.schemes.iter().copied().map(scheme_name).collect(),
        }
    }
}
