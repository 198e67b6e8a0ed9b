//! In place of the traces, without the feature.

use crate::backend::event::Event;
use crate::backend::event::handshake::HandshakeEvent;
use crate::backend::session::connection_info::ConnectionId;
use crate::error::BackendKind;
use crate::side::Side;

pub(crate) struct Tracer;

impl Tracer {
    pub(crate) const IS_PRESENT: bool = false;

    pub(crate) fn new(_: &str) -> Self {
        Self
    }

    pub(crate) fn record(&self, _: Side, _: &Event<'_>) {}

    pub(crate) fn handshake(&self, _: Side, _: BackendKind, _: ConnectionId) -> HandshakeSpan {
        HandshakeSpan
    }
}

pub(crate) struct HandshakeSpan;

impl HandshakeSpan {
    pub(crate) fn asks_for(&self, _: &str) {}

    pub(crate) fn end(&self, _: &HandshakeEvent<'_>, report: impl FnOnce()) {
        report();
    }
}
