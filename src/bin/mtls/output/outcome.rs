use std::process::ExitCode;

use serde::Serialize;

/// The result of a command, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// The policy accepts the peer.
    Accepted,
    /// What was examined has a fault.
    Fault,
    /// What was examined has no fault.
    Good,
    /// The policy rejects the peer, or the peer rejects us.
    Rejected,
    /// It cannot be known from here.
    Unknown,
    /// The peer cannot be reached.
    Unreachable,
    /// The arguments cannot be used.
    Usage,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Accepted | Outcome::Good => Self::SUCCESS,
            Outcome::Fault | Outcome::Rejected => Self::from(1),
            Outcome::Unknown | Outcome::Unreachable => Self::from(3),
            Outcome::Usage => Self::from(2),
        }
    }
}
