/// The limits of a [`MtlsListener`](crate::MtlsListener).
///
/// The process needs a file descriptor for each handshake and for each connection. Where it has
/// fewer, the listener works with those that there are.
///
/// ```
/// # #[cfg(feature = "tokio")] {
/// use mtls::connection::ListenerLimits;
///
/// let limits = ListenerLimits::new()
///     .max_handshakes(256)
///     .max_connections(10_000)
///     .max_per_client(100);
/// println!("{limits:?}");
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ListenerLimits {
    pub(crate) handshakes: usize,
    pub(crate) connections: usize,
    pub(crate) per_client: usize,
}

impl ListenerLimits {
    /// Creates the default limits: 1,024 handshakes, 8,192 connections, no limit per client.
    pub fn new() -> Self {
        Self {
            handshakes: 1024,
            connections: 8192,
            per_client: usize::MAX,
        }
    }

    /// Sets how many handshakes are under way at the same time; 0 counts as 1.
    ///
    /// At the limit an older handshake gives way to each new one. It is the oldest of those that
    /// have not been answered yet: of clients that have sent nothing, or only a part of their hello
    /// (RFC 8446, section 4.1.2). Once the answered ones are more than half of the limit, it is the
    /// oldest of these. So clients that only connect cannot push out those that go on, and those
    /// that stop halfway cannot push out the new ones.
    #[must_use]
    pub fn max_handshakes(mut self, handshakes: usize) -> Self {
        self.handshakes = handshakes.max(1);
        self
    }

    /// Sets how many connections are open at the same time; 0 counts as 1.
    ///
    /// A connection is open until its stream is dropped. At the limit the listener accepts no more
    /// until one ends; clients wait in the queue of the operating system.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.connections = connections.max(1);
        self
    }

    /// Sets how many handshakes and connections one client has at the same time; 0 counts as 1.
    ///
    /// A client is an IPv4 address, or the first 64 bits of an IPv6 address, since networks assign
    /// no less to a host (RFC 6177). One connection more is closed at once. By default there is no
    /// limit: many clients may share an address.
    #[must_use]
    pub fn max_per_client(mut self, connections: usize) -> Self {
        self.per_client = connections.max(1);
        self
    }
}

impl Default for ListenerLimits {
    fn default() -> Self {
        Self::new()
    }
}
