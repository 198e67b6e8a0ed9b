use core::error::Error;
use core::fmt;
use std::borrow::Cow;
use std::sync::Arc;

use crate::error::{MaterialError, TrustBundlesError};

/// The fault of the address of a SPIFFE Workload API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpiffeAddressProblem {
    /// The address has a user name, a query or a fragment.
    #[error("it has a user name, a query or a fragment")]
    ExtraParts,
    /// A `tcp://` address has a host name.
    #[error("its host is not an IP address")]
    HostNotIp,
    /// A `tcp://` address has no port.
    #[error("it has no port")]
    NoPort,
    /// A `unix://` address has no absolute path.
    #[error("it has no absolute path")]
    NoSocketPath,
    /// The text is not a URI.
    #[error("it is not a URI")]
    NotAUri,
    /// The address is of another host, from which private keys would come in clear text.
    #[error("it is not an address of this host")]
    OtherHost,
    /// The address has a space or a control character.
    #[error("it has a space or a control character")]
    Space,
    /// A `unix://` address has a host, or a `tcp://` address a path.
    #[error("it has a host before its path, or a path after its port")]
    UnexpectedPart,
    /// The scheme is neither `unix` nor `tcp`.
    #[error("its scheme is neither `unix` nor `tcp`")]
    WrongScheme,
}

/// The reason why the socket of a SPIFFE Workload API cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpiffeConnectProblem {
    /// Nothing listens on the socket.
    #[error("nothing listens there")]
    NotListening,
    /// There is no socket at the path.
    #[error("there is no socket")]
    NoSocket,
    /// Another reason.
    #[error("{text}")]
    Other {
        /// The system's or the library's text, on one line of at most 300 characters.
        text: String,
    },
    /// This user may not open the socket.
    #[error("this user may not open the socket")]
    PermissionDenied,
}

/// The reason why the stream of a SPIFFE Workload API ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpiffeStreamProblem {
    /// The agent closed the stream.
    #[error("the agent closed the stream")]
    Closed,
    /// The thread that reads the stream, or its runtime, cannot be started.
    #[error("the thread that reads it cannot be started: {text}")]
    NoThread {
        /// The system's text.
        text: String,
    },
    /// The agent ended the stream with a gRPC status.
    #[error("{code}: {text}")]
    Status {
        /// The name of the status code, such as `unavailable`.
        code: String,
        /// The agent's text, on one line of at most 300 characters.
        text: String,
    },
    /// The thread that reads the stream has ended.
    #[error("the thread that reads it has ended")]
    ThreadEnded,
}

/// A part of an agent's message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpiffePart {
    /// The whole message.
    Answer,
    /// The bundle of a trust domain.
    Bundle {
        /// The name of the trust domain.
        trust_domain: String,
    },
    /// All trust bundles.
    Bundles,
    /// An SVID.
    Svid {
        /// Its SPIFFE ID.
        id: String,
    },
    /// All SVIDs.
    Svids,
    /// All trust domains.
    TrustDomains,
}

/// The fault of a part of an agent's message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SpiffePartProblem {
    /// The bundles do not fit together.
    Bundles(TrustBundlesError),
    /// The bundle of our own trust domain is empty.
    EmptyOwnBundle,
    /// Certificates or the private key cannot be loaded.
    Material(Arc<MaterialError>),
    /// The leaf does not have the SVID's SPIFFE ID as its only URI name.
    OtherSpiffeId,
    /// There are more of them than the limit.
    TooMany {
        /// How many there are.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// The client library cannot read it.
    Unreadable {
        /// The library's text, on one line of at most 300 characters.
        text: String,
    },
}

impl SpiffeAddressProblem {
    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::OtherHost => {
                "give `unix:///path/of/agent.sock`, or `tcp://127.0.0.1:PORT`: from another host private keys would \
                 come in clear text"
            }
            _ => "give `unix:///path/of/agent.sock`, or `tcp://127.0.0.1:PORT`",
        })
    }
}

impl SpiffeConnectProblem {
    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::NotListening => "check that the agent is running",
            Self::NoSocket => {
                "check that the agent is running, and that the folder of its socket is mounted here"
            }
            Self::Other { .. } => {
                "check that the agent is running and serves the Workload API at this address"
            }
            Self::PermissionDenied => {
                "look at the permissions of the socket and those of its folder"
            }
        })
    }
}

impl SpiffeStreamProblem {
    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Closed | Self::Status { .. } => {
                "look at the agent's log; the stream is opened again by itself"
            }
            Self::NoThread { .. } => {
                "raise the limits of threads and open files of this process; the source tries again by itself"
            }
            Self::ThreadEnded => {
                "look for a panic in this process's log; the source starts the thread again by itself"
            }
        })
    }
}

impl SpiffePartProblem {
    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Bundles(_) | Self::Material(_) => {
                "correct the bundles on the agent's server as the cause says; the next update is read without a restart"
            }
            Self::EmptyOwnBundle => "give the trust domain its CA again at the agent's server",
            Self::OtherSpiffeId => {
                "have the agent's server issue an X.509-SVID whose only URI name is its SPIFFE ID"
            }
            Self::TooMany { .. } => {
                "register fewer entries for this workload, or federate with fewer trust domains"
            }
            Self::Unreadable { .. } => {
                "look at the agent's log and version: its message breaks the SPIFFE Workload API"
            }
        })
    }
}

impl fmt::Display for SpiffePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer => f.write_str("the answer"),
            Self::Bundle { trust_domain } => write!(f, "the bundle of {trust_domain}"),
            Self::Bundles => f.write_str("the bundles"),
            Self::Svid { id } => write!(f, "the SVID {id}"),
            Self::Svids => f.write_str("the SVIDs"),
            Self::TrustDomains => f.write_str("the trust domains"),
        }
    }
}

impl fmt::Display for SpiffePartProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundles(_) => f.write_str("the bundles do not fit together"),
            Self::EmptyOwnBundle => f.write_str("the bundle of our own trust domain is empty"),
            Self::Material(_) => f.write_str("the certificates or the key cannot be loaded"),
            Self::OtherSpiffeId => {
                f.write_str("its leaf does not have this SPIFFE ID as its only URI name")
            }
            Self::TooMany { found, limit } => {
                write!(f, "there are {found}, the limit is {limit}")
            }
            Self::Unreadable { text } => f.write_str(text),
        }
    }
}

impl Error for SpiffePartProblem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // The error itself: an `Arc` of an error is another type, which `downcast_ref` misses.
            Self::Bundles(error) => Some(error),
            Self::Material(error) => Some(&**error),
            _ => None,
        }
    }
}
