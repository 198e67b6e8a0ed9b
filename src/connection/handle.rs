use core::fmt;
use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::Arc;

use super::registry::open_connection::OpenConnection;
use super::waiters::{Waiters, WakerSlot, catch_panic};
use crate::backend::{ConnectionId, ConnectionInfo, EndReason, HandshakeError, SessionInfo};
use crate::peer::PeerIdentity;
use crate::policy::Rejection;

/// A handle of an open connection: what is known about it, and whether it should end.
///
/// It comes from `connection()` of a stream, or from `track(..)` of a client or server for a
/// connection of another library. Cloning is cheap.
///
/// A connection is tracked if [`LiveConnections`](super::LiveConnections) or
/// [`retire_connections`](crate::ServerBuilder::retire_connections) is set, as long as a clone of
/// its handle or its stream exists. Then the handle reports an [`EndReason`]: the peer is rejected
/// now, or our identity or trust has changed. A rejection is final, whatever changes later.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # use mtls::connection::LiveConnections;
/// # use mtls::{Rustls, Rotation, VerifierPolicy, PeerMatcher};
/// # let client = pki::client_builder().build(Rustls::default())?;
/// # let server = pki::server_builder().live_connections(LiveConnections::Notify);
/// # let server = server.build(Rustls::default())?;
/// # let (_client, stream) = pki::connect(&client, &server);
/// let handle = stream.connection().clone();
/// handle.on_end(|reason| eprintln!("it should end: {reason:?}"));
/// assert!(handle.is_tracked() && handle.end_reason().is_none());
/// assert!(handle.verify_now().is_ok());
/// println!("{}: {:?} from {:?}", handle.id(), handle.peer(), handle.remote_addr());
/// assert_eq!((handle.revision(), handle.session().is_some()), (1, true));
///
/// let policy = VerifierPolicy::allow(PeerMatcher::dns("other.example")?);
/// server.handle().rotate(Rotation::new().policy(policy))?;
/// assert!(handle.verify_now().is_err());
/// let reason = handle.wait(std::time::Duration::from_secs(10)).expect("the policy changed");
/// println!("{reason:?}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ConnectionHandle(Arc<OpenConnection>);

impl ConnectionHandle {
    pub(super) fn new(connection: Arc<OpenConnection>) -> Self {
        Self(connection)
    }

    /// Returns all that is known about the connection.
    pub fn info(&self) -> &ConnectionInfo {
        &self.0.info
    }

    /// Returns the number of the connection.
    pub fn id(&self) -> ConnectionId {
        self.info().id()
    }

    /// Returns the peer of the connection; `None` for an anonymous client.
    pub fn peer(&self) -> Option<&PeerIdentity> {
        self.info().peer()
    }

    /// Returns the peer's address, if it is known.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.info().remote_addr()
    }

    /// Returns the number of the revision that the connection was opened under.
    pub fn revision(&self) -> u64 {
        self.info().revision()
    }

    /// Returns what the handshake negotiated; `None` if another library holds the connection.
    pub fn session(&self) -> Option<&SessionInfo> {
        self.info().session()
    }

    /// Whether the connection is verified again or retired, so that it may get an end reason.
    pub fn is_tracked(&self) -> bool {
        self.0.is_tracked()
    }

    /// Verifies the peer by the newest revision, such as before each request.
    ///
    /// It is the verification of a handshake, over the chain that the peer presented then. It costs
    /// one whole verification after each new revision; otherwise only the dates of the peer's path
    /// are compared, and a revocation list that becomes stale takes effect at the next revision. It
    /// needs no tracking. After the client or server is dropped, its last revision decides. An
    /// anonymous client is always accepted.
    ///
    /// # Errors
    /// The [`Rejection`] of a handshake that would begin now.
    pub fn verify_now(&self) -> Result<(), Rejection> {
        self.0.verify_now()
    }

    /// Returns why the connection should end; `None` while it may stay.
    ///
    /// A rejection that follows a retirement replaces it.
    pub fn end_reason(&self) -> Option<&EndReason> {
        self.0.end_reason()
    }

    /// Returns the error that ended the connection of a stream, if it was a rejection.
    ///
    /// The peer has rejected us after the handshake, as a TLS 1.3 server does, or we have rejected
    /// the peer and closed the connection. Libraries above a stream may lose that error: HTTP/2
    /// keeps only its text.
    pub fn rejection_error(&self) -> Option<Arc<HandshakeError>> {
        self.0.rejection().cloned()
    }

    /// Sets what records the rejection elsewhere, for those who need it beyond the connection.
    #[allow(dead_code, reason = "clients of HTTP alone need it")]
    pub(crate) fn on_rejection(&self, record: impl FnOnce(Arc<HandshakeError>) + Send + 'static) {
        self.0.on_rejection(Box::new(record));
    }

    /// Records that the peer has rejected us; the first rejection counts.
    pub(crate) fn set_rejected_by_peer(&self, error: Arc<HandshakeError>) {
        self.0.rejected_by_peer(error);
    }

    /// Blocks this thread until the connection should end, for at most this long.
    ///
    /// Returns `None` if it may stay.
    pub fn wait(&self, at_most: Duration) -> Option<&EndReason> {
        let may_stay = |_: &mut Waiters| self.end_reason().is_none();
        let watch = self.0.watch();
        drop(
            watch
                .ended
                .wait_timeout_while(watch.waiting(), at_most, may_stay),
        );
        self.end_reason()
    }

    /// Waits on any runtime until the connection should end, which may never happen.
    ///
    /// The future keeps a clone of the handle. Dropping it loses nothing.
    ///
    /// ```no_run
    /// # async fn serve(request: &mut String) {}
    /// # async fn f(handle: mtls::ConnectionHandle, mut request: String) {
    /// tokio::select! {
    ///     reason = handle.ended() => eprintln!("{:?} should go: {reason:?}", handle.peer()),
    ///     () = serve(&mut request) => {}
    /// }
    /// # }
    /// ```
    pub fn ended(&self) -> impl Future<Output = EndReason> + Send + use<> {
        EndFuture {
            slot: self.0.watch().waiting().future(),
            handle: self.clone(),
        }
    }

    /// Sets a callback that is called once, when the connection should end.
    ///
    /// If it should already, the callback is called at once, on this thread. Otherwise it is called
    /// on a thread of the client or server (`mtls-notifier`), after the connection of a rejected
    /// peer was closed, if that is configured, and after those who wait were woken. That thread
    /// runs all callbacks and the observer one after the other. A slow callback delays the others,
    /// but neither the verification nor the closing of connections. Pending callbacks stay in
    /// memory, once for each connection that should end.
    ///
    /// A panic in the callback is caught. The callback must not hold a handle of this connection,
    /// which would then never be dropped.
    pub fn on_end(&self, callback: impl FnOnce(&EndReason) + Send + 'static) {
        let mut waiting = self.0.watch().waiting();
        match self.end_reason() {
            None => waiting.call(Box::new(callback)),
            Some(reason) => {
                drop(waiting);
                catch_panic(|| callback(reason));
            }
        }
    }

    /// Why the stream of the connection may not be used any more.
    #[inline]
    pub(crate) fn closed_for(&self) -> Option<&EndReason> {
        self.0.closed_for()
    }

    /// Works as `poll` of a stream's task: ready when the stream may have to be closed.
    pub(crate) fn poll_stream(&self, context: &Context<'_>, slot: WakerSlot) -> Poll<()> {
        let mut waiting = self.0.watch().waiting();
        if self.closed_for().is_some() {
            return Poll::Ready(());
        }
        let old = waiting.wake(slot, context.waker());
        drop(waiting);
        drop(old);
        Poll::Pending
    }

    /// Removes the closer and the wakers of a stream that was dropped.
    pub(crate) fn detach(&self) {
        let Some(watch) = self.0.existing_watch() else {
            return;
        };
        let mut waiting = watch.waiting();
        let closer = waiting.closer.take();
        let wakers = [WakerSlot::Reader, WakerSlot::Writer].map(|slot| waiting.forget(slot));
        drop(waiting);
        catch_panic(|| drop((closer, wakers)));
    }
}

impl fmt::Debug for ConnectionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionHandle")
            .field("info", self.info())
            .field("end_reason", &self.end_reason())
            .finish_non_exhaustive()
    }
}

/// Resolves when the connection should end; removes its waker when dropped.
struct EndFuture {
    handle: ConnectionHandle,
    slot: WakerSlot,
}

impl Future for EndFuture {
    type Output = EndReason;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<EndReason> {
        let mut waiting = self.handle.0.watch().waiting();
        if let Some(reason) = self.handle.end_reason() {
            return Poll::Ready(reason.clone());
        }
        let old = waiting.wake(self.slot, context.waker());
        drop(waiting);
        drop(old);
        Poll::Pending
    }
}

impl Drop for EndFuture {
    fn drop(&mut self) {
        let waker = self.handle.0.watch().waiting().forget(self.slot);
        drop(waker);
    }
}
