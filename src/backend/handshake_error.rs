use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use crate::error::Alert;
use crate::policy::Rejection;

/// Why a handshake did not end in a connection. The same variants on every backend.
///
/// In TLS 1.3 a client learns only at its first read or write that the server refused its
/// certificate: the [`io::Error`] of that read or write has this type inside, see
/// [`HandshakeError::in_io_error`].
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
    ///
    /// An alert is a number (RFC 8446, section 6.2), and some peers send the same whatever they
    /// find. The hint sets beside it what this side knows, and is the [alert's own](Alert::hint)
    /// where that is nothing:
    ///
    /// - a certificate of our chain that is not valid at this moment, by our clock, with the date;
    /// - the purpose that our leaf's extended key usage lacks for this end, or the digitalSignature
    ///   that its key usage lacks; a leaf that is not of X.509 version 3;
    /// - for a client: the CAs that the server asked for, where none of them issued a certificate
    ///   of our chain; that it takes no signature scheme that fits our key, so that nothing was
    ///   sent; or that it did not ask. Only rustls shows this, see
    ///   [`Capability::RejectionExplained`](crate::backend::Capability::RejectionExplained);
    /// - who issued the last certificate of our chain, where the CA is said to be unknown.
    ///
    /// It is for people: at most a few sentences, of which the wording may change. Names in it are
    /// escaped as in RFC 4514.
    ///
    /// ```no_run
    /// # fn f(client: mtls::MtlsClient<mtls::Rustls>, tcp: std::net::TcpStream) {
    /// use mtls::HandshakeError;
    /// use mtls::error::Alert;
    /// if let Err(HandshakeError::RejectedByPeer { alert, hint }) = client.connect("db.internal", tcp) {
    ///     // "certificate_expired: our certificate (CN=alice) has expired at 2026-03-01T00:00:00Z, it is .."
    ///     eprintln!("{alert}: {hint}");
    ///     if alert == Alert::CERTIFICATE_EXPIRED {
    ///         // have it renewed
    ///     }
    /// }
    /// # }
    /// ```
    #[error("the peer refused the handshake with the alert {alert}; {hint}")]
    RejectedByPeer {
        /// What the peer sent.
        alert: Alert,
        /// What to look at: see above.
        hint: String,
    },
    /// The [`SigningKey`](crate::material::SigningKey) of our identity failed or panicked: an HSM, a TPM or a
    /// KMS that is away, as a rule. The source is its own error. Or what it gave is no signature of
    /// the key in the leaf, which the source says then; it was not sent. The peer got no alert.
    #[error("our signing key did not sign the TLS handshake")]
    // A box in it: an `Arc` of an error is an error itself, and would hide the key's own as the source.
    SigningKey(#[source] Arc<Box<dyn StdError + Send + Sync>>),
    /// The handshake was not done within its time.
    #[error("the TLS handshake took longer than its timeout")]
    Timeout,
}

impl HandshakeError {
    /// The refusal by the peer that an [`io::Error`] of a stream stands for, if it does. Its hint
    /// is the same as if the handshake itself had failed. Or our own, of a peer whose connection
    /// was closed for it: [`LiveConnections::Close`](crate::connection::LiveConnections::Close).
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

    /// With the hint of the alert alone; [`SessionVerifier::complete`](super::SessionVerifier::complete) knows more.
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
