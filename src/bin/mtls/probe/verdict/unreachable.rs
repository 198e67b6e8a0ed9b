use mtls::HandshakeError;
use mtls::error::{Alert, NotTls};
use rustls::{InvalidMessage, PeerIncompatible};

use crate::output::{Finding, Outcome};
use crate::probe::failure::Failure;
use crate::probe::tls::{Attempt, Ending};

/// Returns why a connection without our certificate did not come to the server's certificate.
///
/// `None` if it did.
pub(crate) fn failure_of(attempt: &Attempt) -> Option<Failure> {
    if !attempt.presented.is_empty() {
        return None;
    }
    if let Some(error) = HandshakeError::from_first_bytes(&attempt.first_bytes) {
        return Some(Failure::unreachable(not_tls(&error)));
    }
    let finding = match &attempt.ending {
        // handshake_failure and protocol_version: nothing that we offer is common to both ends.
        Ending::Alert(alert) if matches!(alert.code(), 40 | 70) => alert_finding(*alert),
        Ending::Alert(alert) => {
            return Some(Failure {
                outcome: Outcome::Rejected,
                finding: Box::new(alert_finding(*alert)),
            });
        }
        Ending::Closed { is_reset } => Finding::fault(
            "closed_without_reason",
            if *is_reset {
                "the server reset the connection during the handshake, without a reason"
            } else {
                "the server closed the connection during the handshake, without a reason"
            },
        )
        .hint("check that it speaks TLS on this port, perhaps after --starttls, and read its log"),
        Ending::TimedOut => {
            let what = if attempt.first_bytes.is_empty() {
                "the server connected, and did not answer in time"
            } else {
                "the server began the handshake, and did not continue it in time"
            };
            Finding::fault("timed_out", what).hint(
                "check that it speaks TLS on this port, perhaps after --starttls, or raise --timeout",
            )
        }
        Ending::Library(error) => library_finding(error),
        Ending::Transport(error) => Finding {
            causes: vec![error.to_string()],
            ..Finding::fault(
                "transport_error",
                "the connection failed during the handshake",
            )
            .hint("check what is on the way to the server, and read its log")
        },
        // A server that presents no certificate, which rustls does not let pass.
        _ => Finding::fault("tls_error", "the server presented no certificate")
            .hint("give the server a certificate"),
    };
    Some(Failure::unreachable(finding))
}

fn not_tls(error: &HandshakeError) -> Finding {
    let reason = match error {
        HandshakeError::UnsupportedVersion { .. } => "unsupported_version",
        _ => "not_tls",
    };
    let finding = Finding {
        reason,
        ..Finding::of_error(error)
    };
    match error {
        HandshakeError::NotTls {
            found: NotTls::Greeting,
        } => finding
            .hint("use the port that begins with TLS, or ask for TLS first by `--starttls smtp`"),
        HandshakeError::NotTls {
            found: NotTls::PostgreSql,
        } => finding.hint("ask for TLS first by `--starttls postgres`"),
        HandshakeError::NotTls {
            found: NotTls::Http,
        } => finding.hint("use the server's port for HTTPS: this one is for plain HTTP"),
        _ => finding,
    }
}

fn alert_finding(alert: Alert) -> Finding {
    let message = format!("the server ended the handshake with the alert {alert}");
    Finding::fault(alert.as_str(), message).hint(match alert.code() {
        112 => "give the name of a host that the server has by --server-name",
        120 => "give an application protocol that the server speaks by --alpn, or none",
        _ => alert.hint(),
    })
}

fn library_finding(error: &rustls::Error) -> Finding {
    let finding = match error {
        rustls::Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => Finding::fault(
            "unsupported_version",
            "the server chose a version of TLS that was not offered",
        )
        .hint("leave --tls away, or update the server to TLS 1.2 or 1.3"),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            Finding::fault("not_tls", "the server does not speak TLS")
                .hint("check the port, and whether the protocol asks for TLS first (--starttls)")
        }
        rustls::Error::NoApplicationProtocol => Finding::fault(
            "no_application_protocol",
            "no ALPN protocol is common to both ends",
        )
        .hint("give one that the server speaks by --alpn"),
        _ => Finding::fault(
            "tls_error",
            "the server's side of the handshake is not valid TLS",
        )
        .hint("check that it speaks TLS on this port, and update the server"),
    };
    Finding {
        causes: vec![error.to_string()],
        ..finding
    }
}
