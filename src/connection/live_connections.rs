/// What becomes of connections whose peer would not be admitted any more.
///
/// A handshake judges once, and a connection may live for weeks. With [`Notify`](Self::Notify) or [`Close`](Self::Close)
/// each stream of a client or server is tracked until it is dropped, and its peer is judged again: by every new
/// revision (a `rotate`, a [`Source`](crate::Source)), and when a certificate of its path expires by the
/// [clock](crate::ClientBuilder::clock), which is looked at every second. It is the judgement of a handshake, over the
/// chain that the peer presented then: its signatures, dates, revocation, for a server the name that was asked for, the
/// policy. A revocation list that grows stale is noticed at the next revision.
///
/// On native-tls, which shows the leaf alone, that is all that is judged; and since it does not show which trust anchor
/// has vouched for the peer either, a revision that lacks one of them rejects the peers of all connections from before.
///
/// Judging is done on a thread of its own (`mtls-live`), once for all connections of one peer's chain. It begins with
/// the first connection and ends when client or server and all connections are gone: connections that outlive the
/// client or server are still closed when their peer's certificate expires. Callbacks and the observer are called on
/// another thread (`mtls-live-tell`), one after the other, from when there is first something to tell: however long they
/// take, nobody's connection is judged or closed later for it.
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
    /// They are told, and closed. A read or write that waits comes back; from then on each fails, with an
    /// [`io::Error`](std::io::Error) of the kind `ConnectionAborted` that wraps
    /// [`HandshakeError::Rejected`](crate::HandshakeError::Rejected): see
    /// [`HandshakeError::in_io_error`](crate::HandshakeError::in_io_error). Nothing is read or written any more, not
    /// even what had been decrypted. The other end sees the connection cut.
    ///
    /// A blocking stream is shut down from the judging thread by what [`Transport::closer`](crate::connection::Transport::closer)
    /// gives, which costs a file descriptor for each connection over a socket; over a transport that gives none, at its
    /// next read or write. An asynchronous one shuts its transport down in the task that reads or writes, which is
    /// woken.
    Close,
    /// They are told: see [`ConnectionHandle`](crate::ConnectionHandle).
    Notify,
    /// Nothing, and it costs nothing. The initial setting.
    #[default]
    Untracked,
}
