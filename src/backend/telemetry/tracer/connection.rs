//! Events about peers and their connections.

use core::time::Duration;
use std::borrow::Cow;
use std::io;

use tracing::Level;
use tracing::field::{self, DisplayValue};

use super::emit::{TARGET, emit};
use super::handshake_span::error_type;
use crate::backend::event::connection_end::{EndCause, EndReason};
use crate::backend::event::handshake::{HandshakeEvent, HandshakeOutcome};
use crate::backend::handshake_error::HandshakeError;
use crate::backend::session::connection_info::ConnectionInfo;
use crate::backend::telemetry::text::{Bounded, Causes};
use crate::peer::PeerIdentity;
use crate::policy::{Rejection, RejectionReason};
use crate::side::Side;

pub(super) fn handshake(name: &str, handshake: &HandshakeEvent<'_>) {
    let HandshakeOutcome::Failed(error) = handshake.outcome else {
        return;
    };
    let address = handshake.remote_addr;
    emit!(
        level(handshake.side, error),
        {
            otel.kind = handshake.side.as_str(),
            mtls.name = name,
            mtls.backend = handshake.backend.as_str(),
            mtls.connection.id = handshake.connection.as_u64(),
            mtls.revision = handshake.revision,
            mtls.outcome = handshake.outcome.as_str(),
            network.peer.address = address.map(|address| field::display(address.ip())),
            network.peer.port = address.map(|address| address.port()),
            "error.type" = error_type(&handshake.outcome),
            error.message = %Bounded(Causes(error)),
            mtls.hint = %Bounded(hint(error)),
        },
        "the handshake failed"
    );
}

/// A busy server leaves INFO on. So what any stranger can cause without a certificate is DEBUG
/// there: a port scan would fill the log. To a client, every failure is one of a service that it
/// needs.
fn level(side: Side, error: &HandshakeError) -> Level {
    match (side, error) {
        (_, HandshakeError::Cancelled) => Level::DEBUG,
        (_, HandshakeError::SigningKey(_)) | (Side::Client, _) => Level::WARN,
        (Side::Server, HandshakeError::Rejected(rejection)) => rejection_level(side, rejection),
        (Side::Server, HandshakeError::RejectedByPeer { .. }) => Level::INFO,
        (Side::Server, _) => Level::DEBUG,
    }
}

fn rejection_level(side: Side, rejection: &Rejection) -> Level {
    match (side, rejection.reason()) {
        // A fault of our own, and not of the peer.
        (_, RejectionReason::NotServing | RejectionReason::VerifierPanicked) => Level::WARN,
        (Side::Client, _) => Level::WARN,
        (Side::Server, _) => Level::INFO,
    }
}

fn hint(error: &HandshakeError) -> Cow<'_, str> {
    match error.rejection() {
        Some(rejection) => rejection.hint(),
        None => error.hint(),
    }
}

pub(super) fn verified(name: &str, side: Side, verdict: Result<&PeerIdentity, &Rejection>) {
    match verdict {
        Ok(peer) => tracing::debug!(
            target: TARGET,
            {
                otel.kind = side.as_str(),
                mtls.name = name,
                mtls.peer = %Bounded(peer),
            },
            "a handshake of another library accepted the peer"
        ),
        Err(rejection) => emit!(
            rejection_level(side, rejection),
            {
                otel.kind = side.as_str(),
                mtls.name = name,
                "error.type" = rejection.reason().as_str(),
                error.message = %Bounded(rejection),
                mtls.hint = %Bounded(rejection.hint()),
            },
            "a handshake of another library rejected the peer"
        ),
    }
}

pub(super) fn shadow(
    name: &str,
    side: Side,
    peer: &PeerIdentity,
    rejection: &Rejection,
    verdict: &'static str,
) {
    tracing::info!(
        target: TARGET,
        {
            otel.kind = side.as_str(),
            mtls.name = name,
            mtls.peer = %Bounded(peer),
            mtls.shadow = verdict,
            "error.type" = rejection.reason().as_str(),
            error.message = %Bounded(rejection),
        },
        "the shadow policy disagrees"
    );
}

pub(super) fn ending(name: &str, connection: &ConnectionInfo, reason: &EndReason) {
    let peer = connection.peer().map(display);
    tracing::info!(
        target: TARGET,
        {
            otel.kind = connection.side().as_str(),
            mtls.name = name,
            mtls.connection.id = connection.id().as_u64(),
            mtls.revision = connection.revision(),
            mtls.peer = peer,
            mtls.cause = cause(reason),
            error.message = %Bounded(reason),
        },
        "an open connection should end"
    );
}

fn display(peer: &PeerIdentity) -> DisplayValue<Bounded<&PeerIdentity>> {
    field::display(Bounded(peer))
}

fn cause(reason: &EndReason) -> &'static str {
    match reason {
        EndReason::Rejected(_) => EndCause::Rejected.as_str(),
        EndReason::Retired { .. } => EndCause::Retired.as_str(),
    }
}

pub(super) fn ended(name: &str, connection: &ConnectionInfo, cause: EndCause, open: Duration) {
    tracing::debug!(
        target: TARGET,
        {
            otel.kind = connection.side().as_str(),
            mtls.name = name,
            mtls.connection.id = connection.id().as_u64(),
            mtls.cause = cause.as_str(),
            mtls.seconds = open.as_secs_f64(),
        },
        "the connection ended"
    );
}

pub(super) fn accept_failed(name: &str, error: &io::Error) {
    tracing::warn!(
        target: TARGET,
        {
            mtls.name = name,
            error.message = %Bounded(error),
        },
        "the system gave the listener no connection"
    );
}
