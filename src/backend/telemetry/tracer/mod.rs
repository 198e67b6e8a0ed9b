//! Traces: a span for each handshake, and an event of the facade `tracing` for each of ours.

mod connection;
mod emit;
mod handshake_span;
mod revision;

use std::sync::Arc;

use crate::backend::event::Event;
use crate::backend::session::connection_info::ConnectionId;
use crate::error::BackendKind;
use crate::side::Side;

pub(crate) use handshake_span::HandshakeSpan;

/// Emits the spans and events of one client or server.
pub(crate) struct Tracer {
    name: Arc<str>,
}

impl Tracer {
    pub(crate) const IS_PRESENT: bool = true;

    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.into() }
    }

    /// Begins a handshake's span, whose parent is the caller's.
    pub(crate) fn handshake(
        &self,
        side: Side,
        backend: BackendKind,
        id: ConnectionId,
    ) -> HandshakeSpan {
        HandshakeSpan::begin(&self.name, side, backend, id)
    }

    /// Emits an event of ours as one of `tracing`.
    pub(crate) fn record(&self, side: Side, event: &Event<'_>) {
        let name = &*self.name;
        match *event {
            Event::Handshake(handshake) => connection::handshake(name, handshake),
            Event::PeerVerified { side, verdict } => connection::verified(name, side, verdict),
            Event::ShadowAccepted { peer, rejection } => {
                connection::shadow(name, side, peer, rejection, "accepted");
            }
            Event::ShadowRejected { peer, rejection } => {
                connection::shadow(name, side, peer, rejection, "rejected");
            }
            Event::ConnectionEnding { connection, reason } => {
                connection::ending(name, connection, reason);
            }
            Event::ConnectionEnded {
                connection,
                cause,
                duration,
            } => connection::ended(name, connection, cause, duration),
            Event::AcceptFailed(error) => connection::accept_failed(name, error),
            Event::Expiring { .. }
            | Event::IdentityWarning(_)
            | Event::ReloadFailed(_)
            | Event::Rotated { .. }
            | Event::RuleRelaxed { .. }
            | Event::UnclaimedRevocationList(_)
            | Event::UnusableTrustAnchor(_) => revision::record(name, side, event),
        }
    }
}
