//! The names of an outcome in labels and fields: each has a small, fixed set of values.

use crate::backend::event::handshake::HandshakeOutcome;
use crate::backend::handshake_error::HandshakeError;
use crate::backend::session::protocol_version::ProtocolVersion;

/// Why a handshake failed, as far as a name says it; empty where the outcome says it all.
///
/// It is the reason of a rejection, or the alert of a peer that rejected us.
pub(super) fn reason(outcome: &HandshakeOutcome<'_>) -> &'static str {
    match outcome {
        HandshakeOutcome::Failed(HandshakeError::Rejected(rejection)) => {
            rejection.reason().as_str()
        }
        HandshakeOutcome::Failed(HandshakeError::RejectedByPeer { alert, .. }) => alert.as_str(),
        _ => "",
    }
}

/// The version as OpenTelemetry writes it in `tls.protocol.version`.
pub(super) fn version(version: ProtocolVersion) -> &'static str {
    match version {
        ProtocolVersion::Tls12 => "1.2",
        ProtocolVersion::Tls13 => "1.3",
    }
}
