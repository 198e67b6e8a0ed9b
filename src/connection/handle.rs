use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::Arc;

use super::registry::tracked_connection::TrackedConnection;
use super::waiters::{Waiters, WakerSlot, catch_panic};
use crate::peer::PeerIdentity;
use crate::policy::Rejection;

/// A handle of an open connection, which reports whether its peer would still be accepted.
///
/// It comes from `connection()` of a stream, or from `track(..)` of a client or server for a
/// connection of another library. The first rejection is final, whatever changes later;
/// [`LiveConnections`](super::LiveConnections) describes when the peer is verified. Cloning is
/// cheap. The connection is verified again as long as a clone or the stream exists.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # use mtls::connection::LiveConnections;
/// # use mtls::{Rustls, Rotation, VerifierPolicy, PeerMatcher};
/// # let client = pki::client_builder().build(Rustls::default())?;
/// # let server = pki::server_builder().live_connections(LiveConnections::Notify);
/// # let server = server.build(Rustls::default())?;
/// # let (_client, stream) = pki::connect(&client, &server);
/// let live = stream.connection().expect("connections are tracked").clone();
/// live.on_rejected(|rejection| eprintln!("it would be rejected now: {rejection}"));
/// assert!(live.rejection().is_none());
///
/// let policy = VerifierPolicy::allow(PeerMatcher::dns("other.example")?);
/// server.handle().rotate(Rotation::new().policy(policy))?;
/// let rejection = live.wait(std::time::Duration::from_secs(10)).expect("the policy changed");
/// println!("{}: {rejection}", live.peer());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ConnectionHandle(Arc<TrackedConnection>);

impl ConnectionHandle {
    pub(super) fn new(connection: Arc<TrackedConnection>) -> Self {
        Self(connection)
    }

    /// Returns the peer of the connection.
    pub fn peer(&self) -> &PeerIdentity {
        &self.0.subject.peer
    }

    /// Returns why the peer would now be rejected; `None` while it would be accepted.
    pub fn rejection(&self) -> Option<&Rejection> {
        self.0.rejection.get()
    }

    /// Blocks this thread until the peer is rejected, for at most this long.
    ///
    /// Returns `None` if it was not rejected.
    pub fn wait(&self, at_most: Duration) -> Option<&Rejection> {
        let is_accepted = |_: &mut Waiters| self.rejection().is_none();
        let rejected = &self.0.rejected;
        drop(rejected.wait_timeout_while(self.0.waiting(), at_most, is_accepted));
        self.rejection()
    }

    /// Waits on any runtime until the peer is rejected, which may never happen.
    ///
    /// Dropping the future loses nothing.
    ///
    /// ```no_run
    /// # async fn serve(request: &mut String) {}
    /// # async fn f(live: mtls::ConnectionHandle, mut request: String) {
    /// tokio::select! {
    ///     rejection = live.rejected() => eprintln!("{} is rejected now: {rejection}", live.peer()),
    ///     () = serve(&mut request) => {}
    /// }
    /// # }
    /// ```
    pub async fn rejected(&self) -> &Rejection {
        let slot = self.0.waiting().future();
        RejectionFuture { live: self, slot }.await
    }

    /// Sets a callback that is called once, when the peer is rejected.
    ///
    /// If the peer is rejected already, it is called at once, on this thread. Otherwise it is
    /// called on a thread of the client or server (`mtls-notifier`), after the connection was
    /// closed, if that is configured, and after those who wait were woken. That thread runs all
    /// callbacks and the observer one after the other. A slow callback delays the others, but
    /// neither the verification nor the closing of connections. Pending callbacks stay in memory,
    /// once for each rejected connection.
    ///
    /// A panic in the callback is caught. The callback must not hold a handle of this connection,
    /// which would then never be dropped.
    pub fn on_rejected(&self, callback: impl FnOnce(&Rejection) + Send + 'static) {
        let mut waiting = self.0.waiting();
        match self.rejection() {
            None => waiting.call(Box::new(callback)),
            Some(rejection) => {
                drop(waiting);
                catch_panic(|| callback(rejection));
            }
        }
    }

    /// Works as `poll` of a future, with a slot for the waker.
    pub(crate) fn poll(&self, context: &Context<'_>, slot: WakerSlot) -> Poll<()> {
        let mut waiting = self.0.waiting();
        if self.rejection().is_some() {
            return Poll::Ready(());
        }
        let old = waiting.wake(slot, context.waker());
        drop(waiting);
        drop(old);
        Poll::Pending
    }

    /// Removes the closer and the wakers of a stream that was dropped.
    pub(crate) fn detach(&self) {
        let mut waiting = self.0.waiting();
        let closer = waiting.closer.take();
        let wakers = [WakerSlot::Reader, WakerSlot::Writer].map(|slot| waiting.forget(slot));
        drop(waiting);
        catch_panic(|| drop((closer, wakers)));
    }
}

impl fmt::Debug for ConnectionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionHandle")
            .field("peer", self.peer())
            .field("rejection", &self.rejection())
            .finish_non_exhaustive()
    }
}

/// Resolves when the peer is rejected; removes its waker when dropped.
struct RejectionFuture<'a> {
    live: &'a ConnectionHandle,
    slot: WakerSlot,
}

impl<'a> Future for RejectionFuture<'a> {
    type Output = &'a Rejection;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<&'a Rejection> {
        let _ = self.live.poll(context, self.slot);
        match self.live.rejection() {
            Some(rejection) => Poll::Ready(rejection),
            None => Poll::Pending,
        }
    }
}

impl Drop for RejectionFuture<'_> {
    fn drop(&mut self) {
        let waker = self.live.0.waiting().forget(self.slot);
        drop(waker);
    }
}
