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
/// [`HandshakeError::in_io_error`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The TLS library failed for a reason other than the peer's certificate.
    #[error("the TLS handshake failed")]
    Backend(#[source] Box<dyn StdError + Send + Sync>),
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
}

impl HandshakeError {
    /// Returns the handshake error inside an [`io::Error`] of a stream, if there is one.
    ///
    /// It is a rejection by the peer, with the hint that a failed handshake has, or our own
    /// rejection of a peer whose connection was closed: see
    /// [`LiveConnections::Close`](crate::connection::LiveConnections::Close).
    ///
    /// Call it with the stream's own error: some libraries, such as h2, keep only an error's text,
    /// which does not contain the hint.
    ///
    /// ```no_run
    /// # fn f(mut stream: impl std::io::Read) {
    /// if let Err(error) = stream.read(&mut [0; 1]) {
    ///     if let Some(rejection) = mtls::HandshakeError::in_io_error(&error) {
    ///         eprintln!("{}", mtls::Report::new(rejection));
    ///     }
    /// }
    /// # }
    /// ```
    pub fn in_io_error(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
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
            Self::Rejected(rejection) => return rejection.hint(),
            Self::RejectedByPeer { hint, .. } => hint,
            Self::SigningKey(_) => {
                "look at the key's error, which is the cause; check that its device or service is reachable"
            }
            Self::Timeout => {
                "check that the peer answers on this port; raise `handshake_timeout` if it is only slow"
            }
        })
    }

    /// Returns the rejection if this side rejected the peer.
    pub fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Rejected(rejection) => Some(rejection),
            _ => None,
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

    pub(crate) fn backend(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Backend(error.into())
    }

    /// Whether the transport was not ready, which is no failure.
    pub(crate) fn would_block(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}
