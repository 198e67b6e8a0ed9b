use core::fmt;
use std::error::Error as StdError;
use std::io;

use super::diagnosis::Request;
use super::settings::ProtocolVersion;
use crate::peer::PeerIdentity;
use crate::policy::{Alert, Rejection};

/// Why a handshake did not end in a connection. The same variants on every backend.
///
/// In TLS 1.3 a client learns only at its first read or write that the server refused its certificate: the
/// [`io::Error`] of that read or write has this type inside, see [`HandshakeError::in_io_error`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The TLS library failed for a reason that is not the peer's certificate.
    #[error("the TLS handshake failed")]
    Backend(#[source] Box<dyn StdError + Send + Sync>),
    /// The transport failed.
    #[error("the transport failed during the TLS handshake")]
    Io(#[source] io::Error),
    /// The text is neither a DNS name nor an IP address.
    #[error("{name:?} is neither a DNS name nor an IP address")]
    InvalidServerName {
        /// What was given.
        name: String,
    },
    /// The client offered ALPN protocols, and none of them is ours (RFC 7301, section 3.2).
    #[error("the client offers no ALPN protocol that this server speaks")]
    NoCommonProtocol,
    /// We refused the peer.
    #[error("the peer was refused")]
    Rejected(#[source] Rejection),
    /// The peer refused us, or the handshake, with a TLS alert.
    #[error("the peer refused the handshake with the alert {alert}; {hint}")]
    RejectedByPeer {
        /// What the peer sent.
        alert: Alert,
        /// What to look at.
        hint: String,
    },
    /// The handshake was not done within its time.
    #[error("the TLS handshake took longer than its timeout")]
    Timeout,
}

impl HandshakeError {
    /// The refusal by the peer that an [`io::Error`] of a stream stands for, if it does.
    ///
    /// ```no_run
    /// # fn f(mut stream: impl std::io::Read) {
    /// if let Err(error) = stream.read(&mut [0; 1]) {
    ///     if let Some(refusal) = mtls::HandshakeError::in_io_error(&error) {
    ///         eprintln!("the server does not want us: {refusal}");
    ///     }
    /// }
    /// # }
    /// ```
    pub fn in_io_error(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// The rejection, where we refused the peer.
    pub fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Rejected(rejection) => Some(rejection),
            _ => None,
        }
    }

    /// With the hint of the alert alone; [`Judge::complete`](super::Judge::complete) knows more.
    pub(crate) fn by_peer(alert: Alert) -> Self {
        Self::RejectedByPeer {
            alert,
            hint: alert.hint().to_owned(),
        }
    }

    pub(crate) fn backend(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Backend(error.into())
    }

    /// Whether the transport only was not ready.
    pub(crate) fn would_block(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}

/// What a handshake ended in.
pub struct Established<S> {
    pub(crate) stream: S,
    /// The peer that the judge admitted; `None` when none was asked for and none came.
    pub(crate) peer: Option<PeerIdentity>,
    pub(crate) alpn: Option<Vec<u8>>,
    pub(crate) version: ProtocolVersion,
    /// For a client: how the server asked for its certificate. A TLS 1.3 server may yet refuse it.
    pub(crate) request: Request,
}

impl<S> fmt::Debug for Established<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Established")
            .field("peer", &self.peer)
            .field("alpn", &self.alpn)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
