//! Conversion of native-tls' errors into ours.
//!
//! They are opaque: they have only texts, and the transport's error below them. OpenSSL's texts are
//! parsed here, as `LibreSSL` and every OpenSSL since 1.1.1 write them. What cannot be
//! distinguished stays a [`HandshakeError::Backend`], as on Schannel and Secure Transport.

use std::error::Error as StdError;
use std::io;

use pki_types::ServerName;

use crate::backend::HandshakeError;
use crate::error::Alert;
use crate::policy::{Rejection, RejectionReason};

/// Converts the error that ended a handshake with the server `server_name`.
pub(super) fn from_native(
    error: native_tls::Error,
    server_name: &ServerName<'_>,
) -> HandshakeError {
    let text = error.to_string();
    if let Some(alert) = alert_in_text(&text) {
        return HandshakeError::by_peer(alert);
    }
    if let Some(rejection) = rejection_in_text(&text, server_name) {
        return HandshakeError::Rejected(rejection);
    }
    if is_truncation(&text) {
        return HandshakeError::Io(io::Error::new(io::ErrorKind::UnexpectedEof, error));
    }
    match error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>())
    {
        Some(source) => HandshakeError::Io(io::Error::new(source.kind(), error)),
        // OpenSSL since 3.2 wraps the transport's error of a write in this way.
        None if text.contains(":system library:") => HandshakeError::Io(io::Error::other(error)),
        None => HandshakeError::backend(error),
    }
}

/// Converts a read or write error. A cut connection has the same error as on rustls.
pub(super) fn from_io(error: io::Error) -> io::Error {
    match error.get_ref() {
        Some(inner) if is_truncation(&inner.to_string()) => {
            io::Error::new(io::ErrorKind::UnexpectedEof, error)
        }
        _ => error,
    }
}

pub(super) fn alert_in(error: &io::Error) -> Option<Alert> {
    alert_in_text(&error.get_ref()?.to_string())
}

/// OpenSSL's text for an alert depends on its version; the number in it does not.
fn alert_in_text(text: &str) -> Option<Alert> {
    let (_, number) = text.rsplit_once("SSL alert number ")?;
    let digits = number
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(number.len());
    let code = number.get(..digits)?.parse().ok()?;
    Some(Alert::from_code(code))
}

fn is_truncation(text: &str) -> bool {
    text.to_ascii_lowercase().contains("unexpected eof")
}

/// Reads the verifier's error of OpenSSL, which native-tls puts in parentheses at the end.
fn rejection_in_text(text: &str, server_name: &ServerName<'_>) -> Option<Rejection> {
    if !text.contains("certificate verify failed") {
        return None;
    }
    let (_, said) = text.strip_suffix(')')?.rsplit_once('(')?;
    let reason = reason(&said.to_ascii_lowercase())?;
    let rejection = Rejection::new(reason).with_presented(format!("OpenSSL says: {said}"));
    Some(match reason {
        RejectionReason::NameMismatch => rejection.with_expected(server_name.to_str()),
        RejectionReason::UnknownIssuer => rejection.with_hint(
            "give the CA that issued the server's certificate as trust anchor, with the root above it; where it is \
             there already, have the server send its intermediates",
        ),
        _ => rejection,
    })
}

fn reason(said: &str) -> Option<RejectionReason> {
    use RejectionReason as R;
    Some(match said {
        "certificate has expired" => R::Expired,
        "certificate is not yet valid"
        | "certificate is not yet valid or the system clock is incorrect" => R::NotYetValid,
        "certificate chain too long" => R::PathTooLong,
        "hostname mismatch" | "ip address mismatch" => R::NameMismatch,
        "invalid ca certificate" | "key usage does not include certificate signing" => {
            R::IssuerNotCa
        }
        "path length constraint exceeded" => R::PathLengthExceeded,
        "permitted subtree violation"
        | "excluded subtree violation"
        | "unsupported name constraint type"
        | "unsupported or invalid name constraint syntax"
        | "unsupported or invalid name syntax" => R::NameConstraintViolated,
        "unhandled critical extension" => R::UnhandledCriticalExtension,
        "unsuitable certificate purpose" | "unsupported certificate purpose" => {
            R::WrongExtendedKeyUsage
        }
        "ca certificate key too weak" | "ee certificate key too weak" => R::UnsupportedKey,
        "ca signature digest algorithm too weak" => R::UnsupportedSignatureAlgorithm,
        "certificate signature failure"
        | "self signed certificate"
        | "self signed certificate in certificate chain"
        | "self-signed certificate"
        | "self-signed certificate in certificate chain"
        | "unable to get issuer certificate"
        | "unable to get local issuer certificate"
        | "unable to verify the first certificate" => R::UnknownIssuer,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_known_by_its_number() {
        for (text, expected) in [
            (
                "error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:../ssl/record/\
                 rec_layer_s3.c:1601:SSL alert number 48",
                Some(Alert::UNKNOWN_CA),
            ),
            (
                "error:1409445C:SSL routines:ssl3_read_bytes:reason(1116):ssl/record/rec_layer_s3.c:1543:\
                 SSL alert number 116, and more",
                Some(Alert::CERTIFICATE_REQUIRED),
            ),
            ("SSL alert number 999", None),
            ("SSL alert number ", None),
            ("tlsv1 alert unknown ca", None),
        ] {
            assert_eq!(alert_in_text(text), expected, "{text}");
        }
    }

    #[test]
    fn what_the_verifier_said_is_a_reason_only_where_it_rejected() {
        let name = ServerName::try_from("localhost").unwrap();
        let reason =
            |text: &str| rejection_in_text(text, &name).map(|rejection| rejection.reason());
        let failed = "error:1416F086:SSL routines:tls_process_server_certificate:certificate verify failed:\
                      ssl/statem/statem_clnt.c:1919:";
        for (said, expected) in [
            ("Hostname mismatch", Some(RejectionReason::NameMismatch)),
            (
                "self signed certificate",
                Some(RejectionReason::UnknownIssuer),
            ),
            (
                "certificate is not yet valid or the system clock is incorrect",
                Some(RejectionReason::NotYetValid),
            ),
            ("something new", None),
        ] {
            assert_eq!(reason(&format!("{failed} ({said})")), expected, "{said}");
            assert_eq!(reason(&format!("another error ({said})")), None, "{said}");
        }
        assert_eq!(reason(failed), None);
    }
}
