use core::net::SocketAddr;
use core::time::Duration;

use crate::backend::handshake_error::HandshakeError;
use crate::backend::session::connection_info::{ConnectionId, ConnectionInfo};
use crate::error::BackendKind;
use crate::side::Side;

/// One handshake that has ended, in [`Event::Handshake`](crate::Event::Handshake).
#[derive(Debug)]
#[non_exhaustive]
pub struct HandshakeEvent<'a> {
    /// The number of the connection.
    pub connection: ConnectionId,
    /// The peer's address, if it is known.
    pub remote_addr: Option<SocketAddr>,
    /// The side that we are.
    pub side: Side,
    /// The TLS library.
    pub backend: BackendKind,
    /// The number of the revision that it ran under.
    pub revision: u64,
    /// How long it took.
    pub duration: Duration,
    /// How it ended.
    pub outcome: HandshakeOutcome<'a>,
}

/// How a handshake ended.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// use mtls::Event;
/// use std::sync::{Arc, Mutex};
///
/// let outcomes = Arc::new(Mutex::new(Vec::new()));
/// let seen = Arc::clone(&outcomes);
/// let server = pki::server_builder()
///     .observer(move |event| {
///         if let Event::Handshake(handshake) = event {
///             seen.lock().unwrap().push(handshake.outcome.as_str());
///         }
///     })
///     .build(mtls::Rustls::default())?;
/// # let client = pki::client_builder().build(mtls::Rustls::default())?;
/// # pki::connect(&client, &server);
/// assert_eq!(*outcomes.lock().unwrap(), ["accepted"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum HandshakeOutcome<'a> {
    /// The connection is open.
    ///
    /// In TLS 1.3 a server may still reject a client after this: then
    /// [`ConnectionEnded`](crate::Event::ConnectionEnded) says so.
    Accepted(&'a ConnectionInfo),
    /// There is no connection.
    Failed(&'a HandshakeError),
}

impl HandshakeOutcome<'_> {
    /// Returns a name for logs and metrics.
    ///
    /// It is `accepted`, or the kind of failure: `cancelled`, `invalid_server_name`,
    /// `no_common_protocol`, `not_tls`, `rejected`, `rejected_by_peer`, `signing_key_failed`,
    /// `timed_out`, `tls_error`, `transport_error`, `unsupported_version`. Names are stable: they
    /// change in a major release only.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::Failed(error) => error.kind_name(),
        }
    }
}
