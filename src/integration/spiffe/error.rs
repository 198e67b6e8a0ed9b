use core::time::Duration;
use std::error::Error;
use std::io;

use ::spiffe::WorkloadApiError;
use ::spiffe::transport::TransportError;

/// Why a [`SpiffeSource`](crate::SpiffeSource) has nothing to give, or could not be made.
///
/// The agent's own words are quoted on one line, and cut when they are long. Key bytes are in none of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpiffeError {
    /// What was given is no address of a Workload API.
    #[error(
        "{address:?} is no address of a SPIFFE Workload API: {problem}; give `unix:///path/of/agent.sock`, or \
         `tcp://127.0.0.1:PORT`"
    )]
    Address {
        /// What was given, without user name, password, query and fragment, which may be secret.
        address: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The stream from the agent broke off, or the agent refused to open it.
    #[error("the SPIFFE Workload API at {address} gives no more: {problem}; it is tried again")]
    Interrupted {
        /// Where the agent is.
        address: String,
        /// What happened.
        problem: String,
    },
    /// `SPIFFE_ENDPOINT_SOCKET` is not set.
    #[error(
        "the environment has no SPIFFE_ENDPOINT_SOCKET; set it to the address of the agent (as \
         `unix:///run/spire/agent.sock`), or give that to `SpiffeSource::at`"
    )]
    NoAddress,
    /// The agent took the call and did not answer.
    #[error(
        "the SPIFFE Workload API at {address} did not answer within {} s; look at the agent's log: is it connected to \
         its server, or does it hang?", .within.as_secs_f32()
    )]
    NoAnswer {
        /// Where the agent is.
        address: String,
        /// How long it was waited for.
        within: Duration,
    },
    /// The agent issues no identity to this process (gRPC's `PermissionDenied`; SPIFFE Workload API, section 5.2.1).
    #[error(
        "the SPIFFE Workload API at {address} issues no identity to this process ({words:?}); register an entry whose \
         selectors match this workload, on the node on which it runs"
    )]
    NoIdentity {
        /// Where the agent is.
        address: String,
        /// What it said.
        words: String,
    },
    /// The SVID that was asked for is not among those that the agent gives.
    #[error(
        "the SPIFFE Workload API at {address} gives no SVID {wanted}, but {given}; register an entry for it, or ask for \
         another"
    )]
    NotGiven {
        /// Where the agent is.
        address: String,
        /// The SPIFFE ID or the hint that was asked for.
        wanted: String,
        /// The first SVIDs that it gives, with their hints.
        given: String,
    },
    /// The agent cannot be reached.
    #[error("the SPIFFE Workload API at {address} cannot be reached: {problem}")]
    Unreachable {
        /// Where the agent should be.
        address: String,
        /// What is in the way.
        problem: String,
    },
    /// What the agent gave is unreadable, does not fit together, or is more than is taken.
    #[error("the SPIFFE Workload API at {address} gave what cannot be used: {what}: {problem}")]
    Unusable {
        /// Where the agent is.
        address: String,
        /// Which part of it.
        what: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// The most characters of somebody else's words that are shown.
const MOST_WORDS: usize = 300;

impl SpiffeError {
    /// Why an address cannot be used.
    pub(super) fn address(address: &str, problem: impl Into<String>) -> Self {
        Self::Address {
            address: shown(&bare(address)),
            problem: problem.into(),
        }
    }

    /// What a call came to.
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

    /// The stream came to its end without a word.
    pub(super) fn ended(address: &str) -> Self {
        Self::Interrupted {
            address: address.to_owned(),
            problem: "the agent closed the stream".to_owned(),
        }
    }

    /// Something within us.
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

/// Whether the stream goes on after it, with the next message.
pub(super) fn is_about_content(error: &WorkloadApiError) -> bool {
    !matches!(
        error,
        WorkloadApiError::NoIdentityIssued
            | WorkloadApiError::PermissionDenied(_)
            | WorkloadApiError::Transport(_)
    )
}

/// What the system said when the socket was opened.
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

/// An error and what is below it, each text once.
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

/// Scheme, host, port and path of an address that may be anything. Where an `@` leaves open what is a password, not even
/// that.
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

/// Somebody else's words on one line, not too many of them.
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
