use core::error::Error;
use std::borrow::Cow;
use std::io;

use crate::backend::HandshakeError;
use crate::error::PatternProblem;

/// Why a [`MtlsListener`](crate::MtlsListener) closed a connection before its handshake.
///
/// The observer receives it within [`HandshakeError::Io`]:
///
/// ```
/// use mtls::HandshakeError;
/// use mtls::error::ListenerError;
///
/// fn reason(error: &HandshakeError) -> Option<&ListenerError> {
///     let HandshakeError::Io(io) = error else { return None };
///     io.get_ref()?.downcast_ref()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListenerError {
    /// The handshake gave way to newer ones, or to free a file descriptor.
    #[error("the handshake gave way to newer ones")]
    GaveWay,
    /// The PROXY header does not follow its specification, or is not for TCP.
    #[error("the PROXY header is malformed")]
    MalformedProxyHeader,
    /// The connection does not begin with a PROXY header.
    #[error("the connection does not begin with a PROXY header")]
    MissingProxyHeader,
    /// The PROXY header is longer than the limit.
    #[error("the PROXY header is longer than {limit} bytes")]
    ProxyHeaderTooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// The client has as many handshakes and connections as it may have.
    #[error("the client has {limit} connections already")]
    TooManyFromClient {
        /// The limit of [`ListenerLimits::max_per_client`](crate::connection::ListenerLimits::max_per_client).
        limit: usize,
    },
}

impl ListenerError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::GaveWay => {
                "if such clients are honest, raise `ListenerLimits::max_handshakes` and the limit of open files \
                 (`ulimit -n`)"
            }
            Self::MalformedProxyHeader => {
                "look at the proxy's log and version: it has to send version 1 or 2 for TCP"
            }
            Self::MissingProxyHeader => {
                "turn the PROXY protocol on in the proxy (HAProxy: `send-proxy-v2`, nginx: `proxy_protocol on`), or \
                 take its address out of `proxy_protocol(..)`"
            }
            Self::ProxyHeaderTooLong { .. } => {
                "let the proxy send fewer extra fields, such as the client's certificate"
            }
            Self::TooManyFromClient { .. } => {
                "raise `ListenerLimits::max_per_client` if many clients share this address"
            }
        })
    }

    /// Converts it to what the observer receives.
    pub(super) fn into_handshake_error(self) -> HandshakeError {
        let kind = match self {
            Self::GaveWay | Self::TooManyFromClient { .. } => io::ErrorKind::ConnectionAborted,
            _ => io::ErrorKind::InvalidData,
        };
        HandshakeError::Io(io::Error::new(kind, self))
    }
}

/// The text for [`MtlsListener::proxy_protocol`](crate::MtlsListener::proxy_protocol) names no
/// sender.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = pki::server_builder().build(mtls::Rustls::default())?;
/// let tcp = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// let error = server.listener(tcp).proxy_protocol(["10.0.0.1/8"]).unwrap_err();
/// assert_eq!(error.sender, "10.0.0.1/8");
/// assert_eq!(error.hint(), "write the network as `10.0.0.0/8`");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{sender:?}: {problem}")]
pub struct ProxySenderError {
    /// The text that was given.
    pub sender: String,
    /// Its fault.
    pub problem: PatternProblem,
}

impl ProxySenderError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        match &self.problem {
            PatternProblem::AllAddresses => {
                "name the proxies alone: every other client could choose its address".into()
            }
            PatternProblem::MappedAddress { address } => {
                format!("write the IPv4 address {address}").into()
            }
            problem => Cow::Owned(problem.hint().into_owned()),
        }
    }
}

/// Returns the hint of one of these errors.
pub(crate) fn hint_of<'a>(error: &'a (dyn Error + 'static)) -> Option<Cow<'a, str>> {
    if let Some(error) = error.downcast_ref::<ListenerError>() {
        return Some(error.hint());
    }
    Some(error.downcast_ref::<ProxySenderError>()?.hint())
}
