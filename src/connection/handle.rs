use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use super::tracked_connection::TrackedConnection;
use super::waiters::{WakerSlot, catch_panic};
use crate::peer::PeerIdentity;
use crate::policy::Rejection;

/// A connection that is open, and whether its peer would still be admitted.
///
/// From `live()` of a stream, or from `track(..)` of a client or server for a connection that another library holds. It
/// is told once: when its peer would not be admitted any more, see [`LiveConnections`](crate::connection::LiveConnections) for when
/// that is looked at. Whatever comes later does not change it. Cloning is cheap; while a clone is there, or the stream,
/// the connection is judged.
///
/// ```no_run
/// # fn f(stream: mtls::MtlsStream<std::net::TcpStream>) {
/// if let Some(live) = stream.live() {
///     let peer = stream.peer().clone();
///     live.on_rejected(move |rejection| eprintln!("{peer} would be shut out now: {rejection}"));
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct ConnectionHandle(Arc<TrackedConnection>);

impl ConnectionHandle {
    pub(super) fn new(connection: Arc<TrackedConnection>) -> Self {
        Self(connection)
    }

    /// Who is at the other end.
    pub fn peer(&self) -> &PeerIdentity {
        &self.0.subject.peer
    }

    /// Why the peer would not be admitted any more; `None` while it would be.
    pub fn rejection(&self) -> Option<&Rejection> {
        self.0.rejection.get()
    }

    /// Waits on this thread until the peer is rejected, for so long at most. `None` when it was not.
    pub fn wait(&self, at_most: Duration) -> Option<&Rejection> {
        let until = Instant::now().checked_add(at_most);
        let mut waiting = self.0.waiting();
        while self.rejection().is_none() {
            let rejected = &self.0.rejected;
            waiting = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                Some(left) if left.is_zero() => return None,
                Some(left) => {
                    let woken = rejected.wait_timeout(waiting, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let woken = rejected.wait(waiting);
                    woken.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
        self.rejection()
    }

    /// Waits on any runtime until the peer is rejected, which may be never. Dropping the future loses nothing.
    ///
    /// ```no_run
    /// # async fn serve(request: &mut String) {}
    /// # async fn f(live: mtls::ConnectionHandle, mut request: String) {
    /// tokio::select! {
    ///     rejection = live.rejected() => eprintln!("{} is out: {rejection}", live.peer()),
    ///     () = serve(&mut request) => {}
    /// }
    /// # }
    /// ```
    pub async fn rejected(&self) -> &Rejection {
        let slot = self.0.waiting().future();
        RejectionFuture { live: self, slot }.await
    }

    /// Has `callback` called once when the peer is rejected, or at once if it has been. A panic in it is caught.
    ///
    /// It is called on a thread of the client's or server's own (`mtls-live-tell`), when the connection has been closed if
    /// it is to be, and those who wait were woken. That thread calls all callbacks and the observer one after the other:
    /// who takes long delays what others are told, but not that they are judged and closed. What was not told yet stays
    /// in memory, each rejected connection once. It must not hold a handle of this connection, which would then never be
    /// dropped.
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

    /// As `poll` of a future, with a slot for the waker.
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

    /// The stream is gone: there is nothing to be closed, and nobody to be woken.
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

/// Comes when the peer is rejected; takes its waker back when it is dropped before.
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
