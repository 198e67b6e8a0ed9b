//! OpenSSL's errors in our words.

use std::io;

use openssl::error::{Error as Problem, ErrorStack};
use openssl::ssl::{Error, ErrorCode};

use crate::backend::HandshakeError;
use crate::policy::{Alert, Rejection, RejectionReason};

/// The part of OpenSSL that speaks TLS (`ERR_LIB_SSL`).
const LIBRARY_SSL: i32 = 20;
/// Reasons of that part (`SSL_R_..`), which the openssl crate has no names for.
const CERTIFICATE_VERIFY_FAILED: i32 = 134;
const CERT_LENGTH_MISMATCH: i32 = 135;
const PEER_DID_NOT_RETURN_A_CERTIFICATE: i32 = 199;
const NO_APPLICATION_PROTOCOL: i32 = 235;
const UNEXPECTED_EOF_WHILE_READING: i32 = 294;
/// An alert of the peer's is a reason too: its code and this much.
const ALERT_OFFSET: i32 = 1000;
/// `ERR_R_ASN1_LIB`, and the bits above which OpenSSL 3 keeps flags.
const ASN1: i32 = 13;
const FLAGS: u32 = 18;

/// How a call on a connection went on.
pub(super) enum Step {
    /// Nothing is wrong; call again.
    Again,
    /// It failed, or the transport is not ready: a `WouldBlock`.
    Failed(Error),
}

/// Whether an error only means that the same call is to be made again.
pub(super) fn step(error: Error) -> Step {
    let interrupted = error
        .io_error()
        .is_some_and(|e| e.kind() == io::ErrorKind::Interrupted);
    let no_cause = error.io_error().is_none() && error.ssl_error().is_none();
    match interrupted || (error.code() == ErrorCode::WANT_READ && no_cause) {
        true => Step::Again,
        false => Step::Failed(error),
    }
}

/// The error that ended a handshake, unless OpenSSL only reports that our own callback said no.
pub(super) fn from_handshake(error: Error) -> HandshakeError {
    let error = match into_io(error) {
        Ok(error) => return HandshakeError::Io(error),
        Err(error) => error,
    };
    let explained = problems(&error).find_map(explained);
    explained.unwrap_or_else(|| HandshakeError::backend(error))
}

/// The error of a read or write on an established connection; [`alert_in`] finds the alert in it.
pub(super) fn from_stream(error: Error) -> io::Error {
    into_io(error).unwrap_or_else(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

pub(super) fn alert_in(error: &io::Error) -> Option<Alert> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    problems(error).find_map(alert)
}

/// Whether OpenSSL refused the peer's certificates.
pub(super) fn is_refusal(error: &Error) -> bool {
    problems(error).any(|p| p.reason_code() == CERTIFICATE_VERIFY_FAILED)
}

/// Whether the other end has hung up.
pub(super) fn is_hang_up(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionReset
    )
}

/// What is the transport's, not OpenSSL's.
fn into_io(error: Error) -> Result<io::Error, Error> {
    let error = match error.into_io_error() {
        Ok(error) => return Ok(error),
        Err(error) => error,
    };
    let no_cause = error.ssl_error().is_none();
    // OpenSSL 3 calls the end of the transport an error of TLS.
    let is_end = problems(&error).any(|p| p.reason_code() == UNEXPECTED_EOF_WHILE_READING);
    match error.code() {
        ErrorCode::WANT_READ | ErrorCode::WANT_WRITE => Ok(io::ErrorKind::WouldBlock.into()),
        ErrorCode::SYSCALL if no_cause => Ok(io::ErrorKind::UnexpectedEof.into()),
        _ if is_end => Ok(io::ErrorKind::UnexpectedEof.into()),
        _ => Err(error),
    }
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
    match problem.reason_code() {
        PEER_DID_NOT_RETURN_A_CERTIFICATE => Some(HandshakeError::Rejected(Rejection::new(
            RejectionReason::NoCertificate,
        ))),
        NO_APPLICATION_PROTOCOL => Some(HandshakeError::NoCommonProtocol),
        _ if is_undecodable_certificate(problem) => Some(HandshakeError::Rejected(
            Rejection::new(RejectionReason::MalformedCertificate)
                .with_presented("OpenSSL cannot decode a certificate"),
        )),
        _ => None,
    }
}

/// Decoding fails for other messages too; the function tells them apart.
fn is_undecodable_certificate(problem: &Problem) -> bool {
    let reason = problem.reason_code();
    let is_decoding = reason == CERT_LENGTH_MISMATCH || reason & ((1 << FLAGS) - 1) == ASN1;
    is_decoding
        && problem
            .function()
            .is_some_and(|function| function.ends_with("_certificate"))
}

fn alert(problem: &Problem) -> Option<Alert> {
    let code = problem.reason_code().checked_sub(ALERT_OFFSET)?;
    u8::try_from(code).ok().map(Alert::from_code)
}
