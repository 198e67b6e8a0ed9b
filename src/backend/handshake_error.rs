use std::borrow::Cow;
use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use crate::error::Alert;
use crate::policy::Rejection;

/// The reason why a handshake failed. The variants are the same on every backend.
///
/// In TLS 1.3 a client learns that the server rejected its certificate only at its first read or
/// write. The [`io::Error`] of that read or write contains this type: see
/// [`HandshakeError::find`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The TLS library failed for a reason other than the peer's certificate.
    #[error("the TLS handshake failed")]
    Backend(#[source] Box<dyn StdError + Send + Sync>),
    /// The future of the handshake was dropped, so only the observer receives this.
    #[error("the TLS handshake was given up by this side")]
    Cancelled,
    /// The transport failed.
    #[error("the transport failed during the TLS handshake")]
    Io(#[source] io::Error),
    /// The text is neither a DNS name nor an IP address.
    #[error("{name:?} is neither a DNS name nor an IP address")]
    InvalidServerName {
        /// The text that was given.
        name: String,
    },
    /// The client offered ALPN protocols, and none of them is ours (RFC 7301, section 3.2).
    #[error("the client offers no ALPN protocol that this server speaks")]
    NoCommonProtocol,
    /// The peer does not speak TLS.
    #[error("the peer speaks {found} instead of TLS")]
    NotTls {
        /// What it speaks instead, by its first bytes.
        found: NotTls,
    },
    /// This side rejected the peer.
    #[error("the peer was rejected")]
    Rejected(#[source] Rejection),
    /// The peer rejected us, or the handshake, with a TLS alert.
    ///
    /// An alert is a number (RFC 8446, section 6.2), and some peers send the same one for every
    /// fault. The hint adds what this side knows; if it knows nothing, the hint is the [alert's
    /// own](Alert::hint). It can name:
    ///
    /// - a certificate of our chain that is not valid now, by our clock, with the date;
    /// - the purpose that our leaf's extended key usage lacks for this side, or the
    ///   digitalSignature that its key usage lacks; a leaf that is not X.509 version 3;
    /// - on a client, the CAs that the server requested, if none of them issued a certificate of
    ///   our chain; that no signature scheme of the server fits our key, so that no certificate was
    ///   sent; or that the server did not request one. Only rustls shows this, see
    ///   [`Capability::RejectionExplained`](super::Capability::RejectionExplained);
    /// - the issuer of the last certificate of our chain, if the alert is `unknown_ca`.
    ///
    /// The hint is text for people, at most a few sentences; its wording may change. Names in it
    /// are escaped as in RFC 4514.
    ///
    /// ```no_run
    /// # fn f(client: mtls::MtlsClient<mtls::Rustls>, tcp: std::net::TcpStream) {
    /// use mtls::HandshakeError;
    /// use mtls::error::Alert;
    /// if let Err(HandshakeError::RejectedByPeer { alert, hint }) = client.connect("db.internal", tcp) {
    ///     // "certificate_expired: our certificate (CN=alice) has expired at 2026-03-01T00:00:00Z, it is .."
    ///     eprintln!("{alert}: {hint}");
    ///     if alert == Alert::CERTIFICATE_EXPIRED {
    ///         // renew the certificate
    ///     }
    /// }
    /// # }
    /// ```
    #[error("the peer rejected the handshake with the alert {alert}")]
    RejectedByPeer {
        /// The alert that the peer sent.
        alert: Alert,
        /// What to check: see above.
        hint: String,
    },
    /// The [`SigningKey`](crate::material::SigningKey) of our identity failed, panicked or returned
    /// a wrong signature.
    ///
    /// Usually an HSM, a TPM or a KMS is not reachable, and the source is the key's own error. A
    /// signature that does not match the key in the leaf is not sent, and the source says so. The
    /// peer receives no alert.
    #[error("our signing key did not sign the TLS handshake")]
    // Boxed, because an `Arc` of an error is an error itself and would hide the key's own as the
    // source.
    SigningKey(#[source] Arc<Box<dyn StdError + Send + Sync>>),
    /// The handshake did not finish within its timeout.
    #[error("the TLS handshake took longer than its timeout")]
    Timeout,
    /// The peer speaks a version of TLS that no backend has (RFC 8996).
    #[error("the peer speaks {version} and nothing newer")]
    UnsupportedVersion {
        /// Its newest version.
        version: &'static str,
    },
}

/// The protocol of a peer that does not speak TLS, by its first bytes.
///
/// ```
/// use mtls::HandshakeError;
/// use mtls::error::NotTls;
///
/// let error = HandshakeError::NotTls { found: NotTls::Http };
/// assert_eq!(error.to_string(), "the peer speaks plain HTTP instead of TLS");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotTls {
    /// The greeting of a mail or FTP server.
    Greeting,
    /// HTTP without TLS.
    Http,
    /// The protocol of `PostgreSQL`.
    PostgreSql,
    /// A header of the PROXY protocol.
    ProxyHeader,
    /// SSH.
    Ssh,
    /// Another protocol.
    Unknown,
}

impl NotTls {
    #[cfg(test)]
    #[allow(dead_code, reason = "the test of the texts needs every feature")]
    pub(crate) const ALL: [Self; 6] = [
        Self::Greeting,
        Self::Http,
        Self::PostgreSql,
        Self::ProxyHeader,
        Self::Ssh,
        Self::Unknown,
    ];

    fn hint(self) -> &'static str {
        match self {
            Self::Greeting => {
                "use the port that begins with TLS, or let the protocol's library begin with STARTTLS"
            }
            Self::Http => "use `https` in the peer's address, and this side's port for TLS",
            Self::PostgreSql => {
                "set `sslnegotiation=direct` in the client (PostgreSQL 17), or answer its request for TLS first"
            }
            Self::ProxyHeader => {
                "switch the PROXY protocol off in the load balancer, or on in this side's listener"
            }
            Self::Ssh => "check the port: this one is of SSH",
            Self::Unknown => "check the port, and that the peer begins with TLS there",
        }
    }
}

impl core::fmt::Display for NotTls {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Greeting => "a mail or FTP protocol",
            Self::Http => "plain HTTP",
            Self::PostgreSql => "the protocol of PostgreSQL",
            Self::ProxyHeader => "the PROXY protocol",
            Self::Ssh => "SSH",
            Self::Unknown => "another protocol",
        })
    }
}

impl HandshakeError {
    /// The most causes that [`find`](Self::find) follows.
    const MAX_CAUSES: usize = 32;

    /// Finds the handshake error in an error of a stream, or of a library above it.
    ///
    /// It follows the sources, and what an [`io::Error`] wraps, at most 32 of them. In an error of
    /// a stream it is a rejection by the peer, with the hint that a failed handshake has, or our
    /// own rejection of a peer whose connection was closed: see
    /// [`LiveConnections::Close`](crate::connection::LiveConnections::Close).
    ///
    /// Some libraries, such as h2, keep only an error's text: there is nothing to find then.
    ///
    /// ```no_run
    /// # fn f(mut stream: impl std::io::Read) {
    /// if let Err(error) = stream.read(&mut [0; 1]) {
    ///     if let Some(rejection) = mtls::HandshakeError::find(&error) {
    ///         eprintln!("{}", mtls::Report::new(rejection));
    ///     }
    /// }
    /// # }
    /// ```
    pub fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        for _ in 0..Self::MAX_CAUSES {
            let error = next?;
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            // Its `source()` is that of the wrapped error.
            let wrapped = error.downcast_ref().and_then(io::Error::get_ref);
            next = match wrapped {
                Some(wrapped) => Some(wrapped),
                None => error.source(),
            };
        }
        None
    }

    /// Returns what to do about it.
    ///
    /// It is the hint of the [`Rejection`] or of the alert, if this side or the peer rejected.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Backend(_) => {
                "look at the TLS library's error, which is the cause; check that the peer speaks TLS on this port, and \
                 has a TLS version and a cipher suite in common with this side"
            }
            Self::Cancelled => {
                "look at what dropped the future: a timeout of yours, a shutdown, or a listener at its limit"
            }
            Self::Io(error) if error.kind() == io::ErrorKind::WouldBlock => {
                "call `set_nonblocking(false)` on the socket, or use the asynchronous `connect_async` and `accept_async`"
            }
            Self::Io(_) => {
                "check that the peer is reachable and speaks TLS on this port; if it closed the connection, its log \
                 has the reason"
            }
            Self::InvalidServerName { .. } => {
                "give a DNS name such as `db.internal`, or an IP address, without scheme, port and path"
            }
            Self::NoCommonProtocol => {
                "add a protocol of the client to the server's `alpn(..)`, or one of the server to the client's"
            }
            Self::NotTls { found } => found.hint(),
            Self::Rejected(rejection) => return rejection.hint(),
            Self::RejectedByPeer { hint, .. } => hint,
            Self::SigningKey(_) => {
                "look at the key's error, which is the cause; check that its device or service is reachable"
            }
            Self::Timeout => {
                "check that the peer answers on this port; raise `handshake_timeout` if it is only slow"
            }
            Self::UnsupportedVersion { .. } => "update the peer to a library with TLS 1.2 or 1.3",
        })
    }

    /// Returns the rejection if this side rejected the peer.
    pub fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Rejected(rejection) => Some(rejection),
            _ => None,
        }
    }

    /// The name of the variant in events.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self {
            Self::Backend(_) => "tls_error",
            Self::Cancelled => "cancelled",
            Self::InvalidServerName { .. } => "invalid_server_name",
            Self::Io(_) => "transport_error",
            Self::NoCommonProtocol => "no_common_protocol",
            Self::NotTls { .. } => "not_tls",
            Self::Rejected(_) => "rejected",
            Self::RejectedByPeer { .. } => "rejected_by_peer",
            Self::SigningKey(_) => "signing_key_failed",
            Self::Timeout => "timed_out",
            Self::UnsupportedVersion { .. } => "unsupported_version",
        }
    }

    /// Has the alert's own hint; [`SessionVerifier::complete`](super::SessionVerifier::complete)
    /// adds to it.
    pub(crate) fn by_peer(alert: Alert) -> Self {
        Self::RejectedByPeer {
            alert,
            hint: alert.hint().to_owned(),
        }
    }

    /// The error of a blocking call over a non-blocking transport.
    pub(crate) fn non_blocking() -> Self {
        let problem = "the transport is in non-blocking mode";
        Self::Io(io::Error::new(io::ErrorKind::WouldBlock, problem))
    }

    pub(crate) fn backend(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Backend(error.into())
    }

    /// Whether the transport was not ready, which is no failure.
    pub(crate) fn would_block(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}
