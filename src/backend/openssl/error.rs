//! Conversion of OpenSSL's errors into ours.

use std::io;

use openssl::error::{Error as Problem, ErrorStack};
use openssl::ssl::Error;

use super::io_fault::IoFault;
use crate::backend::HandshakeError;
use crate::error::Alert;
use crate::policy::{Rejection, RejectionReason};

/// The part of OpenSSL that speaks TLS (`ERR_LIB_SSL`).
const LIBRARY_SSL: i32 = 20;
/// Reasons of that part (`SSL_R_..`), for which the openssl crate has no names.
const CERTIFICATE_VERIFY_FAILED: i32 = 134;
const CERT_LENGTH_MISMATCH: i32 = 135;
const PEER_DID_NOT_RETURN_A_CERTIFICATE: i32 = 199;
const NO_APPLICATION_PROTOCOL: i32 = 235;
const UNEXPECTED_EOF_WHILE_READING: i32 = 294;
/// An alert of the peer is a reason too: this offset plus its code.
const ALERT_OFFSET: i32 = 1000;
/// `ERR_R_ASN1_LIB`, without the flags that OpenSSL 3 stores above it.
const ASN1: i32 = 13;
const WITHOUT_FLAGS: i32 = (1 << 18) - 1;

/// Converts the error that ended a handshake without a verdict of ours.
pub(super) fn from_handshake(fault: IoFault) -> HandshakeError {
    let error = match fault {
        IoFault::End => return HandshakeError::Io(io::ErrorKind::UnexpectedEof.into()),
        IoFault::Io(error) => return HandshakeError::Io(error),
        IoFault::Tls(error) => error,
    };
    let explained = problems(&error).find_map(explained);
    explained.unwrap_or_else(|| HandshakeError::backend(error))
}

/// Converts the error of a call on an established connection; [`alert_in`] finds its alert.
pub(super) fn from_stream(fault: IoFault) -> io::Error {
    match fault {
        IoFault::End => io::ErrorKind::UnexpectedEof.into(),
        IoFault::Io(error) => error,
        IoFault::Tls(error) => io::Error::new(io::ErrorKind::InvalidData, error),
    }
}

pub(super) fn alert_in(error: &io::Error) -> Option<Alert> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    problems(error).find_map(alert)
}

/// Whether the transport ended without a `close_notify`, which OpenSSL 3 reports as a TLS error.
pub(super) fn is_unexpected_end(error: &Error) -> bool {
    problems(error).any(|problem| problem.reason_code() == UNEXPECTED_EOF_WHILE_READING)
}

/// Whether the peer has closed the connection.
pub(super) fn is_hang_up(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionReset
    )
}

fn problems(error: &Error) -> impl Iterator<Item = &Problem> {
    error
        .ssl_error()
        .map_or(&[][..], ErrorStack::errors)
        .iter()
        .filter(|problem| problem.library_code() == LIBRARY_SSL)
}

fn explained(problem: &Problem) -> Option<HandshakeError> {
    if let Some(alert) = alert(problem) {
        return Some(HandshakeError::by_peer(alert));
    }
    let rejection = |reason| Some(HandshakeError::Rejected(Rejection::new(reason)));
    match problem.reason_code() {
        NO_APPLICATION_PROTOCOL => Some(HandshakeError::NoCommonProtocol),
        PEER_DID_NOT_RETURN_A_CERTIFICATE => rejection(RejectionReason::NoCertificate),
        // Our callback was not called, or there would be a verdict: OpenSSL found no path to show.
        CERTIFICATE_VERIFY_FAILED => rejection(RejectionReason::MalformedCertificate),
        _ if is_undecodable_certificate(problem) => {
            rejection(RejectionReason::MalformedCertificate)
        }
        _ => None,
    }
}

/// Decoding fails for other messages too; the function name distinguishes them.
fn is_undecodable_certificate(problem: &Problem) -> bool {
    let reason = problem.reason_code();
    let is_decoding = reason == CERT_LENGTH_MISMATCH || reason & WITHOUT_FLAGS == ASN1;
    is_decoding
        && problem
            .function()
            .is_some_and(|function| function.ends_with("_certificate"))
}

fn alert(problem: &Problem) -> Option<Alert> {
    let code = problem.reason_code().checked_sub(ALERT_OFFSET)?;
    u8::try_from(code).ok().map(Alert::from_code)
}
