use mtls::error::Alert;
use serde::Serialize;

use super::fault::OwnFault;
use super::own_faults::OwnView;
use crate::output::{Finding, Outcome};
use crate::probe::tls::{Attempt, Offer};

/// Whether the server accepts us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Accepted,
    /// It does not object, which is all that a server of TLS 1.3 has to show.
    NoObjection,
    Rejected,
    /// It cannot be known from outside.
    Unknown,
}

/// How sure a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Confidence {
    /// The server said so, and what we know agrees.
    Certain,
    /// The server gave no reason, and this fault of ours explains the rejection.
    Likely,
    /// It cannot be known from outside.
    Unknown,
}

/// Why the server rejects us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Why {
    pub(crate) reason: &'static str,
    pub(crate) confidence: Confidence,
}

/// What the server thinks about us, and the signs of it.
#[derive(Debug)]
pub(crate) struct Acceptance {
    pub(crate) verdict: Verdict,
    /// What showed the verdict.
    pub(crate) evidence: &'static str,
    pub(crate) alert: Option<Alert>,
    pub(crate) why: Option<Why>,
    pub(crate) findings: Vec<Finding>,
}

impl Acceptance {
    pub(super) fn accepted(
        evidence: &'static str,
        attempt: &Attempt,
        view: Option<&OwnView>,
    ) -> Self {
        let mut findings = Vec::new();
        if attempt.request.is_none() {
            findings.push(
                Finding::warning(
                    "no_certificate_requested",
                    "the server requests no client certificate in the handshake: this is not mutual TLS",
                )
                .hint(
                    "switch the verification of clients on in the server; one that requests a certificate only for some \
                     paths, after the handshake, cannot be seen from outside",
                ),
            );
        } else if attempt.offer == Offer::Nothing {
            findings.push(Finding::note(
                "certificate_optional",
                "the server requests a client certificate, and goes on without one",
            ));
        } else {
            let faults = view.into_iter().flat_map(|view| &view.faults);
            findings.extend(faults.map(OwnFault::as_warning));
            let issuer = view.and_then(OwnView::issuer_fault);
            findings.extend(issuer.as_ref().map(OwnFault::as_warning));
        }
        Self {
            verdict: Verdict::Accepted,
            evidence,
            alert: None,
            why: None,
            findings,
        }
    }

    pub(super) fn unknown(evidence: &'static str, finding: Finding) -> Self {
        Self {
            verdict: Verdict::Unknown,
            evidence,
            alert: None,
            why: Some(Why {
                reason: finding.reason,
                confidence: Confidence::Unknown,
            }),
            findings: vec![finding],
        }
    }

    pub(super) fn confidence(&self) -> Confidence {
        let why = self.why.as_ref();
        why.map_or(Confidence::Unknown, |why| why.confidence)
    }

    /// Returns the outcome for a server that our policy accepts.
    pub(crate) fn outcome(&self) -> Outcome {
        match self.verdict {
            Verdict::Accepted | Verdict::NoObjection => Outcome::Accepted,
            Verdict::Rejected => Outcome::Rejected,
            Verdict::Unknown => Outcome::Unknown,
        }
    }
}

impl OwnFault {
    /// For a server that accepts us all the same.
    fn as_warning(&self) -> Finding {
        Finding::warning(self.reason, self.message.clone()).hint(format!(
            "{}; other servers reject it, and some, such as nginx, do so only in HTTP (--http)",
            self.hint
        ))
    }
}
