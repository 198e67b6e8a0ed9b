use core::fmt;

use crate::error::unknown_name::stable_names;
use crate::policy::Rejection;

/// Why this side wants an open connection to end.
///
/// ```
/// use mtls::connection::EndReason;
///
/// fn report(reason: &EndReason) {
///     match reason {
///         EndReason::Retired { revision, .. } => println!("revision {revision} replaced ours"),
///         other => println!("{other}, rejected: {}", other.rejection().is_some()),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndReason {
    /// A handshake would reject the peer now.
    Rejected(Rejection),
    /// Our identity or trust has changed since the handshake:
    /// [`retire_connections`](crate::ServerBuilder::retire_connections).
    #[non_exhaustive]
    Retired {
        /// The number of the revision that changed it.
        revision: u64,
    },
}

impl EndReason {
    /// Returns the rejection, if the peer is rejected.
    pub fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Rejected(rejection) => Some(rejection),
            Self::Retired { .. } => None,
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(rejection) => rejection.fmt(f),
            Self::Retired { revision } => {
                write!(f, "revision {revision} changed our identity or trust")
            }
        }
    }
}

/// How the connection of a stream ended, in
/// [`Event::ConnectionEnded`](crate::Event::ConnectionEnded).
///
/// ```
/// use mtls::event::EndCause;
/// assert_eq!(EndCause::ClosedByPeer.as_str(), "closed_by_peer");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndCause {
    /// This side closed it.
    Closed,
    /// The peer closed it.
    ClosedByPeer,
    /// The transport broke, or ended without `close_notify`.
    Cut,
    /// The stream was dropped while the connection was open.
    Dropped,
    /// The TLS library failed.
    Failed,
    /// Its peer would be rejected now, and it was closed for that.
    Rejected,
    /// The peer closed it by a fatal alert, such as a rejection.
    RejectedByPeer,
    /// Our identity or trust changed.
    Retired,
}

stable_names!(EndCause, "cause of an end", {
    Closed => "closed",
    ClosedByPeer => "closed_by_peer",
    Cut => "cut",
    Dropped => "dropped",
    Failed => "failed",
    Rejected => "rejected",
    RejectedByPeer => "rejected_by_peer",
    Retired => "retired",
});
