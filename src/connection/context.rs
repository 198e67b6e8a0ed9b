use core::net::SocketAddr;

use crate::backend::ConnectionId;

/// What the caller knows about a connection before its handshake.
///
/// ```
/// # fn f(server: mtls::MtlsServer, tcp: std::net::TcpStream) -> Result<(), mtls::HandshakeError> {
/// use mtls::connection::{ConnectionContext, ConnectionId};
///
/// let context = ConnectionContext::new()
///     .id(ConnectionId::new(7))
///     .remote_addr(([192, 0, 2, 1], 4711).into()); // such as from a PROXY header
/// let stream = server.with_context(context).accept(tcp)?;
/// assert_eq!(stream.connection().info().id(), ConnectionId::new(7));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionContext {
    id: Option<ConnectionId>,
    remote_addr: Option<SocketAddr>,
    revision: Option<u64>,
}

impl ConnectionContext {
    /// Creates a context without a number and an address.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the number of the connection, which should be its alone.
    #[must_use]
    pub fn id(mut self, id: ConnectionId) -> Self {
        self.id = Some(id);
        self
    }

    /// Sets the peer's address, in place of the transport's.
    #[must_use]
    pub fn remote_addr(mut self, address: SocketAddr) -> Self {
        self.remote_addr = Some(address);
        self
    }

    /// Sets the revision that was in force when the handshake of another library began.
    ///
    /// `track` retires the connection by it: without it, a connection counts as one of the revision
    /// that is in force when it is tracked. Handshakes of this crate know their own.
    #[must_use]
    pub fn revision(mut self, number: u64) -> Self {
        self.revision = Some(number);
        self
    }

    /// The revision to use; `newest` is in force.
    pub(crate) fn revision_or(&self, newest: u64) -> u64 {
        self.revision.map_or(newest, |known| known.min(newest))
    }

    /// The number to use.
    pub(crate) fn id_or_next(&self) -> ConnectionId {
        self.id.unwrap_or_else(ConnectionId::next)
    }

    /// The address to use; `known` is the transport's.
    pub(crate) fn address_or(
        &self,
        known: impl FnOnce() -> Option<SocketAddr>,
    ) -> Option<SocketAddr> {
        self.remote_addr.or_else(known)
    }
}
