//! Hints why a peer rejected us: its alert, our own chain, its certificate request.
//!
//! An alert is only a number. We know our own certificates, and often more than the peer sends.

use pki_types::UnixTime;

use super::own_chain::{OwnChain, ValidityFault};
use crate::error::Alert;
use crate::policy::rfc3339;
use crate::side::Side;
use crate::x509::rfc4514;

/// The server's request for our certificate, as far as the TLS library shows it.
///
/// See RFC 8446, section 4.3.2.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum CertificateRequest {
    /// The library does not show it, or we are the server.
    #[default]
    NotShown,
    /// The library would show it, but none has been received.
    Pending,
    /// The server requested a certificate.
    Received {
        /// Whether our certificate was sent: a signature scheme of the server fits its key.
        is_answered: bool,
        /// The CAs that it names, unless one of them issued ours, or it names none.
        other_cas: Option<Box<UnmatchedCas>>,
    },
}

/// CAs that a server named, none of which issued our certificate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnmatchedCas {
    /// DER `Name`s.
    names: Vec<Vec<u8>>,
    left_out: usize,
}

/// Bytes of CA names that are kept for a hint.
const MAX_KEPT: usize = 16 * 1024;
/// CA names in a hint, and the bytes (DER) of the longest.
const MAX_SHOWN: usize = 4;
const MAX_SHOWN_BYTES: usize = 512;

impl CertificateRequest {
    /// A request that was received, with its CA names (DER `Name`s).
    ///
    /// Copies the names only if none of them issued our certificate.
    pub(crate) fn received(own: &OwnChain, ca_names: &[&[u8]], is_answered: bool) -> Self {
        let fits = ca_names.is_empty() || ca_names.iter().any(|name| own.is_issued_by(name));
        Self::Received {
            is_answered,
            other_cas: if fits {
                None
            } else {
                Some(Box::new(UnmatchedCas::keep(ca_names)))
            },
        }
    }
}

impl UnmatchedCas {
    fn keep(ca_names: &[&[u8]]) -> Self {
        let mut bytes: usize = 0;
        let kept = ca_names.iter().take_while(|name| {
            bytes = bytes.saturating_add(name.len());
            bytes <= MAX_KEPT
        });
        let names: Vec<Vec<u8>> = kept.map(|name| name.to_vec()).collect();
        Self {
            left_out: ca_names.len().saturating_sub(names.len()),
            names,
        }
    }

    /// `None` if one of them issued ours after all: a name has several encodings.
    fn in_words(&self, own: &OwnChain) -> Option<String> {
        let is_ours = |name: &Vec<u8>| own.is_issued_by_one_called(name);
        if self.names.iter().any(is_ours) {
            return None;
        }
        let short = self.names.iter();
        let mut shown: Vec<String> = short
            .filter(|der| der.len() <= MAX_SHOWN_BYTES)
            .take(MAX_SHOWN)
            .map(|name| format!("\"{}\"", rfc4514(name)))
            .collect();
        let all = self.names.len().saturating_add(self.left_out);
        match all.saturating_sub(shown.len()) {
            0 => {}
            more => shown.push(format!("{more} more")),
        }
        Some(shown.join(", "))
    }
}

/// Returns what to check when the peer sent this alert.
///
/// It names the known faults of our side, and what the alert usually means unless a fault explains
/// it. `now` is `None` if the clock panicked.
pub(crate) fn hint(
    own: &OwnChain,
    request: &CertificateRequest,
    now: Option<UnixTime>,
    alert: Alert,
) -> String {
    let usual = alert.hint();
    if !is_about_certificates(alert) {
        return usual.to_owned();
    }
    let findings = match request {
        CertificateRequest::Pending => return no_request_hint(alert),
        CertificateRequest::Received {
            is_answered: false,
            other_cas,
        } => {
            let mut findings = vec![unfit_key(own)];
            findings.extend(other_cas.as_ref().and_then(|cas| unfit_issuer(own, cas)));
            findings
        }
        CertificateRequest::Received {
            is_answered: true,
            other_cas,
        } => {
            let mut findings = defects(own, now);
            findings.extend(other_cas.as_ref().and_then(|cas| unfit_issuer(own, cas)));
            findings
        }
        CertificateRequest::NotShown
            if alert == Alert::CERTIFICATE_REQUIRED && own.side() == Side::Client =>
        {
            vec![withheld_certificate_hint(own)]
        }
        CertificateRequest::NotShown => defects(own, now),
    };
    let explains = findings.iter().any(|finding| finding.explains(alert));
    let mut said: Vec<String> = findings.into_iter().map(|finding| finding.words).collect();
    if !explains {
        said.insert(0, usual_cause_hint(own, now, alert));
    }
    said.join("; besides, ")
}

/// Whether peers send this alert to reject a certificate, or because it is missing.
///
/// Other alerts have other causes, even if our certificate has a fault.
fn is_about_certificates(alert: Alert) -> bool {
    matches!(alert.code(), 40 | 42..=46 | 48 | 49 | 51 | 116)
}

/// A fault of our side.
struct Finding {
    kind: Kind,
    words: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Issuer,
    Missing,
    Use,
    Validity,
}

impl Finding {
    /// Whether a peer that finds this fault would send this alert.
    ///
    /// Some peers send `bad_certificate` or `certificate_unknown` for every fault.
    fn explains(&self, alert: Alert) -> bool {
        match alert {
            Alert::BAD_CERTIFICATE | Alert::CERTIFICATE_UNKNOWN => true,
            Alert::UNSUPPORTED_CERTIFICATE => self.kind == Kind::Use,
            Alert::CERTIFICATE_EXPIRED => self.kind == Kind::Validity,
            Alert::UNKNOWN_CA => self.kind == Kind::Issuer,
            Alert::CERTIFICATE_REQUIRED | Alert::HANDSHAKE_FAILURE => self.kind == Kind::Missing,
            _ => false,
        }
    }
}

/// The faults of our certificates, independent of the peer.
fn defects(own: &OwnChain, now: Option<UnixTime>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(now) = now {
        for (index, subject, overdue) in own.overdue(now) {
            let which = match index {
                0 => format!("our certificate ({subject})"),
                _ => format!("certificate {index} of our chain ({subject})"),
            };
            let now = rfc3339(now);
            let words = match overdue {
                ValidityFault::ExpiredAt(end) => {
                    format!(
                        "{which} has expired at {}, it is {now}: renew it",
                        rfc3339(end)
                    )
                }
                ValidityFault::ValidFrom(begin) => format!(
                    "{which} is not valid before {}, it is {now}: compare the clocks of this machine and of the CA",
                    rfc3339(begin)
                ),
            };
            findings.push(Finding {
                kind: Kind::Validity,
                words,
            });
        }
    }
    if let Some((missing, listed)) = own.missing_purpose() {
        let remedy = match own.side() {
            Side::Client => {
                "have it reissued for the use as a client, by a private CA since public ones stop \
                 doing so, or accepted by the server as it is (see `mtls::guides::client_auth`)"
            }
            Side::Server => "have it reissued for the use as a server",
        };
        findings.push(Finding {
            kind: Kind::Use,
            words: format!(
                "our certificate's extended key usage ({listed}) lacks {missing}: {remedy}"
            ),
        });
    }
    if let Some(listed) = own.wrong_key_usage() {
        findings.push(Finding {
            kind: Kind::Use,
            words: format!(
                "our certificate's key usage ({listed}) lacks digitalSignature: have it reissued with it"
            ),
        });
    }
    if own.has_old_leaf() {
        findings.push(Finding {
            kind: Kind::Use,
            words: "our certificate is not of X.509 version 3, which many peers reject: have it reissued with \
                    extensions (`openssl x509 -req -extfile FILE ..`)"
                .to_owned(),
        });
    }
    findings
}

fn unfit_issuer(own: &OwnChain, cas: &UnmatchedCas) -> Option<Finding> {
    let asked_for = cas.in_words(own)?;
    Some(Finding {
        kind: Kind::Issuer,
        words: format!(
            "the server requested a certificate of one of these CAs: {asked_for}; our chain ends below \"{}\": present \
             a certificate that one of them issued, or, if they issued that CA's certificate, also the certificates in between",
            own.top_issuer()
        ),
    })
}

fn unfit_key(own: &OwnChain) -> Finding {
    Finding {
        kind: Kind::Missing,
        words: format!(
            "no certificate was sent, since the server accepts no signature scheme that fits ours, whose key is {}: \
             have one issued for a key of another kind",
            own.key()
        ),
    }
}

/// For a library that does not show why it did not send our certificate.
fn withheld_certificate_hint(own: &OwnChain) -> Finding {
    Finding {
        kind: Kind::Missing,
        words: format!(
            "the server requires a certificate, and ours was not sent: it does not fit the signature schemes, or \
             perhaps the CAs, that the server requested, or the server requested none in this handshake; our key is {}, and \
             our chain ends below \"{}\"",
            own.key(),
            own.top_issuer()
        ),
    }
}

/// The server sent no request, so our certificate is not the cause.
fn no_request_hint(alert: Alert) -> String {
    match alert {
        Alert::CERTIFICATE_REQUIRED => {
            "the server did not request our certificate in this handshake, so none was sent; one that requests it only \
             later (by renegotiation, or after the handshake) gets none: have it request one in the handshake"
        }
        Alert::HANDSHAKE_FAILURE => {
            "no common cipher suite, group or signature scheme; the server had not requested our certificate"
        }
        _ => "the server has not requested our certificate, so it did not reject that; its log has the reason",
    }
    .to_owned()
}

/// What the alert usually means, with what we know about it.
fn usual_cause_hint(own: &OwnChain, now: Option<UnixTime>, alert: Alert) -> String {
    let usual = alert.hint();
    match (alert, now) {
        (Alert::UNKNOWN_CA, _) => format!(
            "{usual}; our chain, of length {}, ends below \"{}\"",
            own.length(),
            own.top_issuer()
        ),
        (Alert::CERTIFICATE_EXPIRED, Some(now)) if own.overdue(now).is_empty() => {
            format!(
                "{usual}: by our clock it is {}, and no certificate of our chain has expired",
                rfc3339(now)
            )
        }
        _ => usual.to_owned(),
    }
}

#[cfg(test)]
mod tests;
