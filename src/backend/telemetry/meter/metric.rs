//! The metrics, with their labels.

use metrics::Unit;

/// The value of a label that the backend does not show.
pub(super) const UNKNOWN: &str = "unknown";

/// The value of a label that has too many others.
pub(super) const OTHER: &str = "other";

/// A metric. Each has the labels `name` and `side`, and those of [`Metric::labels`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Metric {
    AcceptFailures,
    Connections,
    ConnectionsEnded,
    ConnectionsEnding,
    Degraded,
    Expiry,
    HandshakeDuration,
    Handshakes,
    ListTime,
    Peers,
    PeerVerifications,
    Reloads,
    Revision,
    Shadow,
    Warnings,
}

pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Metric {
    pub(super) const ALL: [Self; 15] = [
        Self::AcceptFailures,
        Self::Connections,
        Self::ConnectionsEnded,
        Self::ConnectionsEnding,
        Self::Degraded,
        Self::Expiry,
        Self::HandshakeDuration,
        Self::Handshakes,
        Self::ListTime,
        Self::Peers,
        Self::PeerVerifications,
        Self::Reloads,
        Self::Revision,
        Self::Shadow,
        Self::Warnings,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::AcceptFailures => "mtls_accept_failures_total",
            Self::Connections => "mtls_connections",
            Self::ConnectionsEnded => "mtls_connections_ended_total",
            Self::ConnectionsEnding => "mtls_connections_ending_total",
            Self::Degraded => "mtls_degraded",
            Self::Expiry => "mtls_expiry_timestamp_seconds",
            Self::HandshakeDuration => "mtls_handshake_duration_seconds",
            Self::Handshakes => "mtls_handshakes_total",
            Self::ListTime => "mtls_revocation_list_timestamp_seconds",
            Self::Peers => "mtls_peers_total",
            Self::PeerVerifications => "mtls_peer_verifications_total",
            Self::Reloads => "mtls_reloads_total",
            Self::Revision => "mtls_revision",
            Self::Shadow => "mtls_shadow_disagreements_total",
            Self::Warnings => "mtls_warnings_total",
        }
    }

    pub(super) const fn kind(self) -> Kind {
        match self {
            Self::Connections | Self::Degraded | Self::Expiry | Self::ListTime | Self::Revision => {
                Kind::Gauge
            }
            Self::HandshakeDuration => Kind::Histogram,
            Self::AcceptFailures
            | Self::ConnectionsEnded
            | Self::ConnectionsEnding
            | Self::Handshakes
            | Self::Peers
            | Self::PeerVerifications
            | Self::Reloads
            | Self::Shadow
            | Self::Warnings => Kind::Counter,
        }
    }

    pub(super) const fn unit(self) -> Unit {
        match self {
            Self::Expiry | Self::HandshakeDuration | Self::ListTime => Unit::Seconds,
            _ => Unit::Count,
        }
    }

    /// The labels besides `name`, `side` and `anchor`.
    pub(super) const fn labels(self) -> &'static [&'static str] {
        match self {
            Self::AcceptFailures
            | Self::Connections
            | Self::Degraded
            | Self::ListTime
            | Self::Revision => &[],
            Self::ConnectionsEnded | Self::ConnectionsEnding => &["cause"],
            Self::Expiry => &["item"],
            Self::HandshakeDuration | Self::Reloads => &["outcome"],
            Self::Handshakes => &["backend", "outcome", "reason", "protocol", "group"],
            Self::Peers => &["signature", "group"],
            Self::PeerVerifications => &["outcome", "reason"],
            Self::Shadow => &["verdict"],
            Self::Warnings => &["item"],
        }
    }
}
