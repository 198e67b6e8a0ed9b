use core::task::{Context, Poll};
use std::io;

use super::handle::ConnectionHandle;
use super::waiters::WakerSlot;
use crate::backend::{EndReason, HandshakeError};
use crate::error::RetiredError;

/// The tracking of a stream, dropped with it.
#[derive(Debug)]
pub(crate) struct StreamTracking(ConnectionHandle);

/// One of a stream's two tasks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Task {
    Reader,
    Writer,
}

impl StreamTracking {
    pub(crate) fn new(handle: ConnectionHandle) -> Self {
        Self(handle)
    }

    pub(crate) fn handle(&self) -> &ConnectionHandle {
        &self.0
    }

    /// Checks whether the stream may be used.
    ///
    /// # Errors
    /// The error of the stream after its peer was rejected, or after its time to end has passed.
    #[inline]
    pub(crate) fn check(&self) -> io::Result<()> {
        match self.0.closed_for() {
            None => Ok(()),
            Some(reason) => Err(error(reason)),
        }
    }

    /// As [`check`](Self::check), and wakes a waiting task when the result changes.
    pub(crate) fn watch(&self, context: &Context<'_>, task: Task) -> io::Result<()> {
        if !self.0.is_tracked() {
            // It never gets an end reason.
            return Ok(());
        }
        let slot = match task {
            Task::Reader => WakerSlot::Reader,
            Task::Writer => WakerSlot::Writer,
        };
        match self.0.poll_stream(context, slot) {
            Poll::Ready(()) => self.check(),
            Poll::Pending => Ok(()),
        }
    }
}

#[cold]
fn error(reason: &EndReason) -> io::Error {
    let kind = io::ErrorKind::ConnectionAborted;
    match reason {
        EndReason::Rejected(rejection) => {
            io::Error::new(kind, HandshakeError::Rejected(rejection.clone()))
        }
        EndReason::Retired { revision } => {
            let revision = *revision;
            io::Error::new(kind, RetiredError { revision })
        }
    }
}

impl Drop for StreamTracking {
    fn drop(&mut self) {
        self.0.detach();
    }
}
