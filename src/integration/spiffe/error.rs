use core::time::Duration;
use std::borrow::Cow;
use std::error::Error;
use std::io;

use ::spiffe::WorkloadApiError;
use ::spiffe::transport::{EndpointError, TransportError};

use crate::error::Withdrawal;
use crate::rotation::SourceError;

use super::problem::{
    SpiffeAddressProblem, SpiffeConnectProblem, SpiffePart, SpiffePartProblem, SpiffeStreamProblem,
};

/// The reason why a [`SpiffeSource`](crate::SpiffeSource) cannot be made or returns no rotation.
///
/// The agent's text is quoted on one line, and cut if it is long. No variant contains key bytes.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpiffeError {
    /// The text that was given is no address of a Workload API.
    #[error("{address:?} is not an address of a SPIFFE Workload API")]
    Address {
        /// The text, without user name, password, query and fragment, which may be secret.
        address: String,
        /// The fault of the address.
        #[source]
        problem: SpiffeAddressProblem,
    },
    /// The stream from the agent ended, or the agent rejected its opening.
    #[error("the stream from the SPIFFE Workload API at {address} ended")]
    Interrupted {
        /// The address of the agent.
        address: String,
        /// The cause.
        #[source]
        problem: SpiffeStreamProblem,
    },
    /// `SPIFFE_ENDPOINT_SOCKET` is not set.
    #[error("the environment variable SPIFFE_ENDPOINT_SOCKET is not set")]
    NoAddress,
    /// The agent accepted the call and did not respond.
    #[error("the SPIFFE Workload API at {address} did not answer within {} s", .within.as_secs_f32())]
    NoAnswer {
        /// The address of the agent.
        address: String,
        /// The time-out.
        within: Duration,
    },
    /// The agent issues no identity to this process.
    ///
    /// This is gRPC's `PermissionDenied` (SPIFFE Workload API, section 5.2.1).
    #[error("the SPIFFE Workload API at {address} issues no identity to this process ({words:?})")]
    NoIdentity {
        /// The address of the agent.
        address: String,
        /// The agent's text.
        words: String,
    },
    /// The chosen SVID is not among those of the agent.
    #[error("the SPIFFE Workload API at {address} has no SVID {wanted}, but {given}")]
    NotGiven {
        /// The address of the agent.
        address: String,
        /// The chosen SPIFFE ID or hint.
        wanted: String,
        /// The first SVIDs of the agent, with their hints.
        given: String,
    },
    /// The agent cannot be reached.
    #[error("the SPIFFE Workload API at {address} cannot be reached")]
    Unreachable {
        /// The address at which the agent is expected.
        address: String,
        /// The cause.
        #[source]
        problem: SpiffeConnectProblem,
    },
    /// The agent's message is unreadable, inconsistent or too large.
    #[error("{part} from the SPIFFE Workload API at {address} cannot be used")]
    Unusable {
        /// The address of the agent.
        address: String,
        /// The part of the message.
        part: SpiffePart,
        /// The fault of that part.
        #[source]
        problem: SpiffePartProblem,
    },
}

impl SpiffeError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Address { problem, .. } => return problem.hint(),
            Self::Interrupted { problem, .. } => return problem.hint(),
            Self::NoAddress => {
                "set it to the address of the agent (as `unix:///run/spire/agent.sock`), or give that to \
                 `SpiffeSource::from_address`"
            }
            Self::NoAnswer { .. } => {
                "look at the agent's log: is it connected to its server, or does it hang?"
            }
            Self::NoIdentity { .. } => {
                "register an entry whose selectors match this workload, on the node on which it runs"
            }
            Self::NotGiven { .. } => "register an entry for it, or choose another SVID",
            Self::Unreachable { problem, .. } => return problem.hint(),
            Self::Unusable { problem, .. } => return problem.hint(),
        })
    }
}

/// Returns the hint of one of these errors.
pub(crate) fn hint_of<'a>(error: &'a (dyn Error + 'static)) -> Option<Cow<'a, str>> {
    if let Some(error) = error.downcast_ref::<SpiffeError>() {
        return Some(error.hint());
    }
    if let Some(problem) = error.downcast_ref::<SpiffeAddressProblem>() {
        return Some(problem.hint());
    }
    if let Some(problem) = error.downcast_ref::<SpiffeConnectProblem>() {
        return Some(problem.hint());
    }
    if let Some(problem) = error.downcast_ref::<SpiffePartProblem>() {
        return Some(problem.hint());
    }
    let problem = error.downcast_ref::<SpiffeStreamProblem>()?;
    Some(problem.hint())
}

/// The most characters of another program's text that are shown.
const MOST_WORDS: usize = 300;

impl SpiffeError {
    /// The error for an unusable address.
    pub(super) fn address(address: &str, problem: SpiffeAddressProblem) -> Self {
        Self::Address {
            address: shown(&bare(address)),
            problem,
        }
    }

    /// Converts the error of a call.
    pub(super) fn of(address: &str, error: &WorkloadApiError) -> Self {
        let address = address.to_owned();
        match error {
            WorkloadApiError::NoIdentityIssued => Self::NoIdentity {
                address,
                words: "no identity issued".to_owned(),
            },
            WorkloadApiError::PermissionDenied(words) => Self::NoIdentity {
                address,
                words: shown(words),
            },
            WorkloadApiError::Transport(TransportError::Connect(error)) => Self::Unreachable {
                address,
                problem: connect_problem(error),
            },
            WorkloadApiError::Transport(TransportError::Status(status)) => Self::Interrupted {
                address,
                problem: SpiffeStreamProblem::Status {
                    code: status.code().to_string(),
                    text: shown(status.message()),
                },
            },
            other => Self::Unusable {
                address,
                part: SpiffePart::Answer,
                problem: SpiffePartProblem::Unreadable { text: chain(other) },
            },
        }
    }

    /// The error for a stream that ended without an error, or by a fault on our side.
    pub(super) fn ended(address: &str, problem: SpiffeStreamProblem) -> Self {
        Self::Interrupted {
            address: address.to_owned(),
            problem,
        }
    }

    pub(super) fn unusable(address: &str, part: SpiffePart, problem: SpiffePartProblem) -> Self {
        Self::Unusable {
            address: address.to_owned(),
            part,
            problem,
        }
    }
}

impl SpiffeError {
    /// Returns whether there is no SVID for us, or not the chosen one.
    ///
    /// It withdraws the SVID that was given before (SPIFFE Workload API, section 5.2.1).
    pub(super) fn is_withdrawal(&self) -> bool {
        matches!(self, Self::NoIdentity { .. } | Self::NotGiven { .. })
    }

    /// The error that the source returns.
    pub(super) fn of_source(self) -> SourceError {
        if self.is_withdrawal() {
            Withdrawal::new(self).into()
        } else {
            self.into()
        }
    }
}

/// Whether the stream continues after this error, with the next message.
pub(super) fn is_about_content(error: &WorkloadApiError) -> bool {
    !matches!(
        error,
        WorkloadApiError::NoIdentityIssued
            | WorkloadApiError::PermissionDenied(_)
            | WorkloadApiError::Transport(_)
    )
}

/// Returns why the socket could not be opened.
fn connect_problem(error: &(dyn Error + 'static)) -> SpiffeConnectProblem {
    let mut at = Some(error);
    while let Some(error) = at {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return match error.kind() {
                io::ErrorKind::NotFound => SpiffeConnectProblem::NoSocket,
                io::ErrorKind::ConnectionRefused => SpiffeConnectProblem::NotListening,
                io::ErrorKind::PermissionDenied => SpiffeConnectProblem::PermissionDenied,
                _ => SpiffeConnectProblem::Other {
                    text: shown(&error.to_string()),
                },
            };
        }
        at = error.source();
    }
    SpiffeConnectProblem::Other { text: chain(error) }
}

impl From<EndpointError> for SpiffeAddressProblem {
    fn from(error: EndpointError) -> Self {
        match error {
            EndpointError::InvalidScheme => Self::WrongScheme,
            EndpointError::HasUserInfo | EndpointError::HasQuery | EndpointError::HasFragment => {
                Self::ExtraParts
            }
            EndpointError::UnixAuthorityNotAllowed | EndpointError::TcpUnexpectedPath => {
                Self::UnexpectedPart
            }
            EndpointError::UnixMissingPath => Self::NoSocketPath,
            EndpointError::TcpHostNotIp => Self::HostNotIp,
            EndpointError::TcpMissingPort => Self::NoPort,
            _ => Self::NotAUri,
        }
    }
}

/// Joins an error and its sources, each text once.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut at = error.source();
    while let Some(error) = at {
        let text = error.to_string();
        if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
        at = error.source();
    }
    shown(&words)
}

/// Returns scheme, host, port and path of an address, which may be any text.
///
/// If an `@` leaves open what a password is, it returns less.
fn bare(address: &str) -> String {
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme, _)) if scheme.contains('@') => return "..".to_owned(),
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), address),
    };
    let (authority, path) = rest.split_at(rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len()));
    let is_of_a_file = authority.is_empty() && scheme == "unix://";
    if !is_of_a_file && path.contains('@') {
        return format!("{scheme}..");
    }
    let host = authority.rsplit('@').next().unwrap_or_default();
    let path = path.split(['?', '#']).next().unwrap_or_default();
    format!("{scheme}{host}{path}")
}

/// Returns another program's text on one line, cut to the limit.
pub(super) fn shown(words: &str) -> String {
    let mut shown: String = words.chars().take(MOST_WORDS).collect();
    if shown.len() < words.len() {
        shown.push_str("..");
    }
    shown
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
