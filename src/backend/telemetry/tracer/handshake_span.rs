use core::fmt::Display;

use tracing::Span;
use tracing::field::{Empty, display};

use super::emit::TARGET;
use crate::backend::event::handshake::{HandshakeEvent, HandshakeOutcome};
use crate::backend::session::connection_info::ConnectionId;
use crate::backend::session::session_info::SessionInfo;
use crate::backend::telemetry::outcome;
use crate::backend::telemetry::text::Bounded;
use crate::error::BackendKind;
use crate::side::Side;

/// The span `mtls.handshake` of a handshake that runs.
///
/// Names follow the semantic conventions of OpenTelemetry (`network.*`, `server.*`, `tls.*`,
/// `error.type`); those of this crate begin with `mtls.`.
pub(crate) struct HandshakeSpan(Span);

impl HandshakeSpan {
    pub(super) fn begin(name: &str, side: Side, backend: BackendKind, id: ConnectionId) -> Self {
        Self(tracing::debug_span!(
            target: TARGET,
            "mtls.handshake",
            otel.kind = side.as_str(),
            mtls.name = name,
            mtls.backend = backend.as_str(),
            mtls.connection.id = id.as_u64(),
            mtls.revision = Empty,
            mtls.outcome = Empty,
            network.peer.address = Empty,
            network.peer.port = Empty,
            server.address = Empty,
            tls.protocol.version = Empty,
            tls.cipher = Empty,
            tls.curve = Empty,
            tls.next_protocol = Empty,
            tls.established = Empty,
            tls.resumed = Empty,
            "error.type" = Empty,
        ))
    }

    /// Sets the name of the server that a client asks for.
    pub(crate) fn asks_for(&self, server_name: &str) {
        self.text("server.address", server_name);
    }

    /// Records the end, and runs `report` within the span, which closes after it.
    pub(crate) fn end(&self, handshake: &HandshakeEvent<'_>, report: impl FnOnce()) {
        let span = &self.0;
        if span.is_disabled() {
            return report();
        }
        span.record("mtls.revision", handshake.revision);
        span.record("mtls.outcome", handshake.outcome.as_str());
        if let Some(address) = handshake.remote_addr {
            span.record("network.peer.address", display(address.ip()));
            span.record("network.peer.port", address.port());
        }
        match handshake.outcome {
            HandshakeOutcome::Accepted(connection) => {
                span.record("tls.established", true);
                if let Some(session) = connection.session() {
                    self.session(session);
                }
            }
            HandshakeOutcome::Failed(_) => {
                span.record("tls.established", false);
                span.record("error.type", error_type(&handshake.outcome));
            }
        }
        span.in_scope(report);
    }

    fn session(&self, session: &SessionInfo) {
        let version = outcome::version(session.protocol_version());
        self.0.record("tls.protocol.version", version);
        self.0.record("tls.resumed", session.is_resumed());
        if let Some(cipher) = session.cipher_suite() {
            self.text("tls.cipher", cipher);
        }
        if let Some(group) = session.key_exchange_group() {
            self.text("tls.curve", group);
        }
        if let Some(protocol) = session.alpn() {
            self.text("tls.next_protocol", String::from_utf8_lossy(protocol));
        }
        if let Some(name) = session.server_name() {
            self.text("server.address", name);
        }
    }

    fn text(&self, field: &'static str, text: impl Display) {
        self.0.record(field, display(Bounded(text)));
    }
}

/// The reason where there is one, and else the outcome.
pub(super) fn error_type(outcome: &HandshakeOutcome<'_>) -> &'static str {
    match outcome::reason(outcome) {
        "" => outcome.as_str(),
        reason => reason,
    }
}
