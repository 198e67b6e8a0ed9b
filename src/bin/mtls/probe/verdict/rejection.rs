use mtls::RejectionReason;
use mtls::error::Alert;
use rustls::PeerIncompatible;

use super::acceptance::{Acceptance, Confidence, Verdict, Why};
use super::fault::OwnFault;
use super::issuer::IssuerFault;
use super::own_faults::OwnView;
use crate::output::Finding;
use crate::probe::tls::{Attempt, Offer, scheme_name};

/// A connection that the server ended, to find out why.
#[derive(Clone, Copy)]
pub(super) struct Rejected<'a> {
    pub(super) attempt: &'a Attempt,
    pub(super) view: Option<&'a OwnView>,
    pub(super) evidence: &'static str,
}

const LOG: &str = "the server's log has the reason";

impl Rejected<'_> {
    /// The server sent an alert.
    pub(super) fn by_alert(self, alert: Alert) -> Acceptance {
        let what = format!("the server rejects us with the alert {alert}");
        let mut acceptance = self.explain(&what, alert.as_str(), alert.hint(), |fault| {
            let confidence = explains(alert, fault.reason)?;
            if fault.reason == "missing_intermediate" && !self.is_missing_one_named() {
                return Some(Confidence::Likely);
            }
            Some(confidence)
        });
        acceptance.alert = Some(alert);
        acceptance
    }

    /// Whether the server names the CA above the certificate that our chain lacks.
    fn is_missing_one_named(self) -> bool {
        let issuer = self.view.and_then(|view| view.issuer.as_ref());
        matches!(
            issuer,
            Some(IssuerFault::MissingIntermediate { is_named: true, .. })
        )
    }

    /// The server closed the connection and said nothing.
    pub(super) fn without_reason(self) -> Acceptance {
        let what = match self.evidence {
            "reset" => "the server reset the connection without a reason",
            _ => "the server closed the connection without a reason",
        };
        let mut acceptance = self.explain(what, "closed_without_reason", LOG, |_| {
            Some(Confidence::Likely)
        });
        // It may close for reasons of its own, after it accepted us.
        if acceptance.confidence() == Confidence::Unknown {
            acceptance.verdict = Verdict::Unknown;
        }
        acceptance
    }

    /// nginx completes the handshake with every client, and rejects in HTTP.
    pub(super) fn in_http(self) -> Acceptance {
        let what = "the server rejects our certificate in its HTTP answer, without a reason";
        self.explain(what, "certificate_rejected", LOG, |_| {
            Some(Confidence::Likely)
        })
    }

    /// The server says that no certificate came.
    pub(super) fn without_certificate(self) -> Acceptance {
        let what = "the server says that we presented no certificate";
        self.explain(what, "no_certificate", LOG, |_| None)
    }

    /// PostgreSQL says in words why.
    pub(super) fn by_postgres(self, code: &str, message: &str) -> Acceptance {
        let what = format!("the PostgreSQL server answers \"{message}\" ({code})");
        let is_about = |text: &str| message.contains(text);
        if code == "3D000" || is_about("role \"") && is_about("does not exist") {
            let mut accepted = Acceptance::accepted("answer", self.attempt, self.view);
            let finding = Finding::note("postgres_error", what);
            accepted.findings.push(finding);
            return accepted;
        }
        if is_about("requires a valid client certificate") {
            let hint = "give our certificate by --cert and --key";
            return self.explain(&what, "no_certificate", hint, |_| None);
        }
        if is_about("certificate authentication failed") {
            let hint = "give the user whose name the certificate has by --user, or map the name in pg_ident.conf";
            return self.certain(RejectionReason::NotAuthorized.as_str(), &what, hint);
        }
        if is_about("no pg_hba.conf entry") {
            let hint = "add a line for this user and address to pg_hba.conf, or give another user by --user";
            return self.certain("no_pg_hba_entry", &what, hint);
        }
        let mut acceptance = self.explain(&what, "postgres_error", LOG, |_| None);
        acceptance.verdict = Verdict::Unknown;
        acceptance
    }

    /// Our TLS library ended the handshake.
    pub(super) fn by_library(self, error: &rustls::Error) -> Acceptance {
        use rustls::Error;
        let incompatible = PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon;
        match error {
            Error::PeerIncompatible(found) if *found == incompatible => self.certain(
                "unsupported_signature_scheme",
                "the server accepts none of the signature schemes that this program has",
                "allow more signature schemes for clients in the server's configuration",
            ),
            Error::InvalidCertificate(_) => {
                let what = "the server presented a certificate in the second connection that our policy rejects";
                let mut acceptance = self.certain(
                    "server_changed",
                    what,
                    "several servers may answer at this address: give that of a single one",
                );
                for finding in &mut acceptance.findings {
                    finding.causes.push(error.to_string());
                }
                // We ended it, before the server saw our certificate.
                acceptance.verdict = Verdict::Unknown;
                acceptance
            }
            _ => {
                let mut acceptance = self.explain(
                    "the handshake with our certificate failed",
                    "tls_error",
                    "look at the TLS library's error, which is the cause",
                    |_| None,
                );
                for finding in &mut acceptance.findings {
                    finding.causes.push(error.to_string());
                }
                acceptance.verdict = Verdict::Unknown;
                acceptance
            }
        }
    }

    /// Combines what the server showed with what we know about ourselves.
    ///
    /// `fits` says how sure it is that a fault of ours made the server do what it did.
    fn explain(
        self,
        what: &str,
        reason: &'static str,
        hint: &str,
        fits: impl Fn(&OwnFault) -> Option<Confidence>,
    ) -> Acceptance {
        if let Some((fault, confidence)) = self.not_sent(reason) {
            return self.because(what, vec![(fault, confidence)]);
        }
        if self.attempt.request.is_none() {
            let hint =
                format!("the server requested no certificate, so it did not reject ours: {hint}");
            return self.not_known(what, reason, &hint);
        }
        let mut faults = self
            .view
            .map(|view| view.faults.clone())
            .unwrap_or_default();
        faults.extend(self.view.and_then(OwnView::issuer_fault));
        let mut causes: Vec<_> = faults
            .into_iter()
            .filter_map(|fault| Some((fits(&fault)?, fault)))
            .map(|(confidence, fault)| (fault, confidence))
            .collect();
        if causes.is_empty() {
            causes.extend(self.said(reason));
        }
        if causes.is_empty() {
            return self.not_known(what, reason, hint);
        }
        self.because(what, causes)
    }

    /// Returns why we sent no certificate, if that is the cause.
    fn not_sent(self, reason: &'static str) -> Option<(OwnFault, Confidence)> {
        let request = self.attempt.request.as_ref()?;
        // A missing certificate; TLS 1.2 has no alert of its own for it.
        let is_certain = matches!(
            reason,
            "certificate_required" | "handshake_failure" | "no_certificate"
        );
        let confidence = if is_certain {
            Confidence::Certain
        } else {
            Confidence::Likely
        };
        if self.attempt.offer == Offer::Nothing {
            let fault = OwnFault {
                reason: RejectionReason::NoCertificate.as_str(),
                message: "the server requires a client certificate, and we have none".to_owned(),
                hint: "give our certificate by --cert and --key".to_owned(),
            };
            return Some((fault, confidence));
        }
        (self.attempt.scheme_fits == Some(false)).then(|| {
            let schemes: Vec<_> = request.schemes.iter().take(8).copied()
                .map(scheme_name).collect();
            let fault = OwnFault {
                reason: "unsupported_signature_scheme",
                message: format!(
                    "our certificate was not sent: its key is {}, and the server accepts signatures by {} only",
                    self.view.map(|view| view.key.as_str()).unwrap_or_default(),
                    schemes.join(", ")
                ),
                hint: "have a certificate issued for a key of another kind, or allow more signature schemes in the server"
                    .to_owned(),
            };
            (fault, Confidence::Certain)
        })
    }

    /// Returns the rejection by these faults of ours, the first of which is the reason.
    fn because(self, what: &str, causes: Vec<(OwnFault, Confidence)>) -> Acceptance {
        let mut finding = Finding::fault("other", what);
        let mut why = None;
        for (fault, confidence) in causes {
            let word = match confidence {
                Confidence::Certain => "for certain",
                _ => "likely",
            };
            finding.causes.push(format!("{word}: {}", fault.message));
            if why.is_none() {
                finding.reason = fault.reason;
                finding.hint = Some(fault.hint);
                why = Some(Why {
                    reason: fault.reason,
                    confidence,
                });
            }
        }
        self.rejected(why, finding)
    }

    fn certain(self, reason: &'static str, what: &str, hint: &str) -> Acceptance {
        let why = Why {
            reason,
            confidence: Confidence::Certain,
        };
        self.rejected(Some(why), Finding::fault(reason, what).hint(hint))
    }

    fn not_known(self, what: &str, reason: &'static str, hint: &str) -> Acceptance {
        let why = Why {
            reason,
            confidence: Confidence::Unknown,
        };
        let what = format!("{what}; why cannot be known from outside");
        let hint = match self.view {
            Some(_) => format!(
                "{hint}; `mtls check` with the same arguments shows what any peer would hold against it; if that \
                 is nothing, the server's policy is left"
            ),
            None => hint.to_owned(),
        };
        let mut finding = Finding::fault(reason, what).hint(hint);
        if let Some(view) = self.view.filter(|view| view.is_unproved) {
            let below = view.top_issuer.as_deref().unwrap_or("itself");
            finding.causes.push(format!(
                "perhaps: our chain, which ends below \"{below}\", leads to none of our own anchors (--cacert) either"
            ));
        }
        self.rejected(Some(why), finding)
    }

    fn rejected(self, why: Option<Why>, finding: Finding) -> Acceptance {
        Acceptance {
            verdict: Verdict::Rejected,
            evidence: self.evidence,
            alert: None,
            why,
            findings: vec![finding],
        }
    }
}

/// Returns how sure it is that a server sends this alert for this fault of ours.
///
/// Some servers send `bad_certificate`, `certificate_unknown` or `handshake_failure` for all.
fn explains(alert: Alert, reason: &str) -> Option<Confidence> {
    match (alert.code(), reason) {
        (
            43,
            "wrong_extended_key_usage"
            | "wrong_key_usage"
            | "unsupported_key"
            | "unsupported_version"
            | "leaf_is_ca",
        )
        | (44, "revoked")
        | (45, "expired" | "not_yet_valid")
        | (48, "missing_intermediate" | "unknown_issuer") => Some(Confidence::Certain),
        // OpenSSL sends 48 for several faults of a path, and some servers 43 for all of form.
        (43, reason) if !matches!(reason, "expired" | "not_yet_valid" | "revoked") => {
            Some(Confidence::Likely)
        }
        (48, "issuer_not_ca" | "path_length_exceeded" | "path_too_long")
        | (40 | 42 | 46 | 80, _) => Some(Confidence::Likely),
        _ => None,
    }
}
