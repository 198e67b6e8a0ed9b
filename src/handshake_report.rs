//! Reports each handshake once, however it ends: to the observer, metrics and traces.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use crate::backend::{
    Backend, ConnectionId, ConnectionInfo, Event, HandshakeError, HandshakeEvent, HandshakeOutcome,
    HandshakeSpan, SessionInfo, SessionVerifier,
};
use crate::connection::ConnectionContext;
use crate::error::BackendKind;
use crate::peer::PeerIdentity;
use crate::rotation::Revision;
use crate::side::Side;

/// A handshake that runs. If it is dropped before its end, the handshake was cancelled.
pub(crate) struct HandshakeReport {
    verifier: Arc<SessionVerifier>,
    id: ConnectionId,
    remote_addr: Option<SocketAddr>,
    side: Side,
    backend: BackendKind,
    revision: u64,
    started: Instant,
    span: HandshakeSpan,
    is_over: bool,
    /// The error if it is dropped, where it is not [`HandshakeError::Cancelled`].
    cancelled: Option<Arc<dyn Cancellation>>,
}

/// Knows why a handshake was cancelled.
///
/// It is a trait and no closure, so that it is not allocated for each handshake.
pub(crate) trait Cancellation: Send + Sync {
    /// Returns the error; `None` for [`HandshakeError::Cancelled`].
    fn error(&self) -> Option<HandshakeError>;
}

impl HandshakeReport {
    /// `known` is the transport's address of the peer.
    pub(crate) fn start<B: Backend, C>(
        side: Side,
        revision: &Revision<C>,
        context: ConnectionContext,
        known: impl FnOnce() -> Option<SocketAddr>,
    ) -> Self {
        let id = context.id_or_next();
        Self {
            verifier: Arc::clone(&revision.verifier),
            id,
            remote_addr: context.address_or(known),
            side,
            backend: B::KIND,
            revision: revision.number,
            started: Instant::now(),
            span: revision.verifier.handshake_span(B::KIND, id),
            is_over: false,
            cancelled: None,
        }
    }

    /// Sets the revision of a handshake that begins some time after its connection.
    pub(crate) fn runs_under<C>(&mut self, revision: &Revision<C>) {
        self.verifier = Arc::clone(&revision.verifier);
        self.revision = revision.number;
    }

    /// Sets the address that a proxy has named.
    pub(crate) fn set_remote_addr(&mut self, address: SocketAddr) {
        self.remote_addr = Some(address);
    }

    /// Sets the name of the server that a client asks for.
    pub(crate) fn asks_for(&self, server_name: &str) {
        self.span.asks_for(server_name);
    }

    /// Sets what knows the error if it is dropped.
    pub(crate) fn if_cancelled(&mut self, cause: Arc<dyn Cancellation>) {
        self.cancelled = Some(cause);
    }

    /// The facts about the connection that it has established.
    pub(crate) fn info(
        &self,
        peer: Option<&PeerIdentity>,
        session: &Arc<SessionInfo>,
    ) -> ConnectionInfo {
        ConnectionInfo {
            id: self.id,
            remote_addr: self.remote_addr,
            side: self.side,
            backend: self.backend,
            revision: self.revision,
            peer: peer.cloned(),
            session: Some(Arc::clone(session)),
            opened_at: Instant::now(),
        }
    }

    /// Reports the end. `info` returns the facts about the connection of a stream.
    pub(crate) fn finish<T>(
        mut self,
        result: Result<T, HandshakeError>,
        info: impl FnOnce(&T) -> &ConnectionInfo,
    ) -> Result<T, HandshakeError> {
        self.is_over = true;
        match &result {
            Ok(stream) => self.notify(HandshakeOutcome::Accepted(info(stream))),
            Err(error) => self.notify(HandshakeOutcome::Failed(error)),
        }
        result
    }

    /// Reports an end before the handshake began.
    pub(crate) fn fail(mut self, error: &HandshakeError) {
        self.is_over = true;
        self.notify(HandshakeOutcome::Failed(error));
    }

    fn notify(&self, outcome: HandshakeOutcome<'_>) {
        if self.verifier.has_receiver() {
            let event = HandshakeEvent {
                connection: self.id,
                remote_addr: self.remote_addr,
                side: self.side,
                backend: self.backend,
                revision: self.revision,
                duration: self.started.elapsed(),
                outcome,
            };
            let report = || self.verifier.notify(&Event::Handshake(&event));
            self.span.end(&event, report);
        }
    }
}

impl Drop for HandshakeReport {
    fn drop(&mut self) {
        if !self.is_over {
            let error = self.cancelled.as_ref().and_then(|cause| cause.error());
            let error = error.unwrap_or(HandshakeError::Cancelled);
            self.notify(HandshakeOutcome::Failed(&error));
        }
    }
}
