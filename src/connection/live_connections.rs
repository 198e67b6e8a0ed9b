/// What happens to an open connection when its peer would now be rejected.
///
/// A handshake verifies the peer once, but a connection may stay open for weeks. With
/// [`Notify`](Self::Notify) or [`Close`](Self::Close), each stream of a client or server is tracked
/// until it is dropped. Its peer is verified again by every new revision (a `rotate`, a
/// [`Source`](crate::Source)), and when a certificate of its path expires by the
/// [clock](crate::ClientBuilder::clock), which is read every second. This is the verification of a
/// handshake, over the chain that the peer presented then: signatures, dates, revocation, the
/// policy, and the name of a server. A revocation list that becomes stale takes effect at the next
/// revision.
///
/// native-tls shows only the leaf, so only the leaf is verified. It does not show the trust anchor
/// of the peer either, so a revision that removes an anchor rejects the peers of all earlier
/// connections.
///
/// A thread (`mtls-live`) verifies the peers, once for all connections of one peer's chain. It
/// starts with the first connection and ends when the client or server and all connections are
/// gone. Connections that outlive the client or server are still closed when their peer's
/// certificate expires. A second thread (`mtls-notifier`) starts with the first rejection and runs
/// callbacks and the observer one after the other. Slow ones never delay verifying or closing a
/// connection.
///
/// ```no_run
/// # fn f(builder: mtls::ServerBuilder) -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::Rustls;
/// use mtls::connection::LiveConnections;
///
/// let server = builder.live_connections(LiveConnections::Close).build(Rustls::default())?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LiveConnections {
    /// The connections are notified and closed.
    ///
    /// A read or write that waits returns. From then on each fails with an
    /// [`io::Error`](std::io::Error) of the kind `ConnectionAborted` that wraps
    /// [`HandshakeError::Rejected`](crate::HandshakeError::Rejected): see
    /// [`HandshakeError::find`](crate::HandshakeError::find). No more data is read or
    /// written, not even data that is already decrypted. The peer sees the connection cut.
    ///
    /// The verifying thread shuts a blocking stream down by its
    /// [`shutdown_handle`](super::Transport::shutdown_handle), which costs a file descriptor for
    /// each connection over a socket. Over a transport without a closer, the stream is closed
    /// at its next read or write. An asynchronous stream shuts its transport down in the task that
    /// reads or writes, which is woken.
    Close,
    /// The connections are notified: see [`ConnectionHandle`](crate::ConnectionHandle).
    Notify,
    /// Connections are not tracked, and no thread verifies them. The default.
    #[default]
    Untracked,
}
