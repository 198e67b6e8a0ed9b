use core::fmt;
use core::time::Duration;
use std::io;

use rustls::Error;

use crate::error::alert::Alert;

/// How one connection to a service went, as its client sees it.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is still open some time after the handshake, or has returned data.
    Accepted(Evidence),
    /// The service ended it.
    Rejected(End),
    /// We ended it: the service is not the one that was asked for.
    NotTheService(Error),
    /// There is no connection.
    Unreachable(io::Error),
    /// The service neither went on with the handshake nor ended the connection.
    Stuck,
}

/// Why a connection counts as accepted.
#[derive(Debug)]
pub(super) enum Evidence {
    Data,
    StillOpen { after: Duration, tickets: u32 },
}

/// How a service ended a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Alert(Alert),
    Closed,
    Reset,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted(Evidence::Data) => f.write_str("accepted (the service sent data)"),
            Self::Accepted(Evidence::StillOpen { after, tickets }) => write!(
                f,
                "accepted (still open {after:?} after the handshake, with {tickets} session tickets)"
            ),
            Self::Rejected(end) => write!(f, "rejected ({end})"),
            Self::NotTheService(error) => write!(f, "the service's own certificate: {error}"),
            Self::Unreachable(error) => write!(f, "not reachable ({error})"),
            Self::Stuck => f.write_str("no answer in the handshake"),
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alert(alert) => write!(f, "alert {alert}"),
            Self::Closed => f.write_str("closed"),
            Self::Reset => f.write_str("reset"),
        }
    }
}
