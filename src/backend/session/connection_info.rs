use core::fmt;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Instant;

use super::session_info::SessionInfo;
use crate::error::BackendKind;
use crate::peer::PeerIdentity;
use crate::side::Side;

/// The number of a connection, for logs and traces.
///
/// Connections are counted in each process from 1, unless
/// [`ConnectionContext::id`](crate::connection::ConnectionContext::id) sets another number.
///
/// ```
/// use mtls::connection::ConnectionId;
/// let id = ConnectionId::new(7);
/// assert_eq!((id.as_u64(), id.to_string().as_str()), (7, "7"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(u64);

impl ConnectionId {
    /// Makes the number of a connection that the caller counts.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number.
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The next number of this process.
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The facts about one connection, which its handshake established.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let client = pki::client_builder().build(mtls::Rustls::default())?;
/// # let server = pki::server_builder().build(mtls::Rustls::default())?;
/// # let (_client, stream) = pki::connect(&client, &server);
/// use mtls::backend::BackendKind;
/// use mtls::connection::Side;
///
/// let info = stream.connection().info();
/// assert_eq!((info.side(), info.backend(), info.revision()), (Side::Server, BackendKind::Rustls, 1));
/// println!("{} from {:?}: {:?}", info.id(), info.remote_addr(), info.peer());
/// println!("{:?}, open for {:?}", info.session(), info.opened_at().elapsed());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ConnectionInfo {
    pub(crate) id: ConnectionId,
    pub(crate) remote_addr: Option<SocketAddr>,
    pub(crate) side: Side,
    pub(crate) backend: BackendKind,
    pub(crate) revision: u64,
    pub(crate) peer: Option<PeerIdentity>,
    pub(crate) session: Option<Arc<SessionInfo>>,
    pub(crate) opened_at: Instant,
}

impl ConnectionInfo {
    /// Returns the number of the connection.
    pub fn id(&self) -> ConnectionId {
        self.id
    }

    /// Returns the peer's address, if it is known.
    ///
    /// It is known of sockets of the standard library, of connections of a listener, and where
    /// [`ConnectionContext::remote_addr`](crate::connection::ConnectionContext::remote_addr) gives
    /// it.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.remote_addr
    }

    /// Returns the side that we are.
    pub fn side(&self) -> Side {
        self.side
    }

    /// Returns the TLS library.
    pub fn backend(&self) -> BackendKind {
        self.backend
    }

    /// Returns the number of the revision that the handshake ran under.
    ///
    /// For a connection that another library holds, it is the one in force when it was tracked.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns the peer; `None` for an anonymous client.
    pub fn peer(&self) -> Option<&PeerIdentity> {
        self.peer.as_ref()
    }

    /// Returns what the handshake negotiated; `None` if another library holds the connection.
    pub fn session(&self) -> Option<&SessionInfo> {
        self.session.as_deref()
    }

    /// Returns when the handshake was complete.
    pub fn opened_at(&self) -> Instant {
        self.opened_at
    }
}
