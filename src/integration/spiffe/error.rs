use core::time::Duration;
use std::error::Error;
use std::io;

use ::spiffe::WorkloadApiError;
use ::spiffe::transport::TransportError;

/// The reason why a [`SpiffeSource`](crate::SpiffeSource) cannot be made or returns no rotation.
///
/// The agent's text is quoted on one line, and cut if it is long. No variant contains key bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpiffeError {
    /// The text that was given is no address of a Workload API.
    #[error(
        "{address:?} is no address of a SPIFFE Workload API: {problem}; give `unix:///path/of/agent.sock`, or \
         `tcp://127.0.0.1:PORT`"
    )]
    Address {
        /// The text, without user name, password, query and fragment, which may be secret.
        address: String,
        /// The fault of the address.
        problem: String,
    },
    /// The stream from the agent ended, or the agent rejected its opening.
    #[error("the SPIFFE Workload API at {address} gives no more: {problem}; it is tried again")]
    Interrupted {
        /// The address of the agent.
        address: String,
        /// The cause.
        problem: String,
    },
    /// `SPIFFE_ENDPOINT_SOCKET` is not set.
    #[error(
        "the environment has no SPIFFE_ENDPOINT_SOCKET; set it to the address of the agent (as \
         `unix:///run/spire/agent.sock`), or give that to `SpiffeSource::from_address`"
    )]
    NoAddress,
    /// The agent accepted the call and did not respond.
    #[error(
        "the SPIFFE Workload API at {address} did not answer within {} s; look at the agent's log: is it connected to \
         its server, or does it hang?", .within.as_secs_f32()
    )]
    NoAnswer {
        /// The address of the agent.
        address: String,
        /// The time-out.
        within: Duration,
    },
    /// The agent issues no identity to this process.
    ///
    /// This is gRPC's `PermissionDenied` (SPIFFE Workload API, section 5.2.1).
    #[error(
        "the SPIFFE Workload API at {address} issues no identity to this process ({words:?}); register an entry whose \
         selectors match this workload, on the node on which it runs"
    )]
    NoIdentity {
        /// The address of the agent.
        address: String,
        /// The agent's text.
        words: String,
    },
    /// The chosen SVID is not among those of the agent.
    #[error(
        "the SPIFFE Workload API at {address} gives no SVID {wanted}, but {given}; register an entry for it, or ask for \
         another"
    )]
    NotGiven {
        /// The address of the agent.
        address: String,
        /// The chosen SPIFFE ID or hint.
        wanted: String,
        /// The first SVIDs of the agent, with their hints.
        given: String,
    },
    /// The agent cannot be reached.
    #[error("the SPIFFE Workload API at {address} cannot be reached: {problem}")]
    Unreachable {
        /// The address at which the agent is expected.
        address: String,
        /// The cause.
        problem: String,
    },
    /// The agent's message is unreadable, inconsistent or too large.
    #[error("the SPIFFE Workload API at {address} gave what cannot be used: {what}: {problem}")]
    Unusable {
        /// The address of the agent.
        address: String,
        /// The part of the message.
        what: String,
        /// The fault of that part.
        problem: String,
    },
}

/// The most characters of another program's text that are shown.
const MOST_WORDS: usize = 300;

impl SpiffeError {
    /// The error for an unusable address.
    pub(super) fn address(address: &str, problem: impl Into<String>) -> Self {
        Self::Address {
            address: shown(&bare(address)),
            problem: problem.into(),
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
                problem: in_the_way(error),
            },
            WorkloadApiError::Transport(TransportError::Status(status)) => Self::Interrupted {
                address,
                problem: format!("{}: {}", status.code(), shown(status.message())),
            },
            other => Self::Unusable {
                address,
                what: "the answer".to_owned(),
                problem: chain(other),
            },
        }
    }

    /// The error for a stream that ended without an error.
    pub(super) fn ended(address: &str) -> Self {
        Self::Interrupted {
            address: address.to_owned(),
            problem: "the agent closed the stream".to_owned(),
        }
    }

    /// The error for a fault on our side.
    pub(super) fn ours(address: &str, problem: impl Into<String>) -> Self {
        Self::Interrupted {
            address: address.to_owned(),
            problem: problem.into(),
        }
    }

    pub(super) fn unusable(
        address: &str,
        what: impl Into<String>,
        problem: impl Into<String>,
    ) -> Self {
        Self::Unusable {
            address: address.to_owned(),
            what: what.into(),
            problem: problem.into(),
        }
    }

    pub(super) fn too_many(address: &str, what: &str, found: usize, most: usize) -> Self {
        Self::unusable(
            address,
            what,
            format!("{found} of them, at most {most} are taken"),
        )
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

/// Describes why the socket could not be opened.
fn in_the_way(error: &(dyn Error + 'static)) -> String {
    let mut at = Some(error);
    while let Some(error) = at {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return match error.kind() {
                io::ErrorKind::NotFound => {
                    "no socket is there; is the agent running, and is the folder of its socket mounted here?".to_owned()
                }
                io::ErrorKind::ConnectionRefused => {
                    "nobody listens there; is the agent running?".to_owned()
                }
                io::ErrorKind::PermissionDenied => {
                    "this user may not open the socket; look at its permissions and those of its folder".to_owned()
                }
                _ => error.to_string(),
            };
        }
        at = error.source();
    }
    chain(error)
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
