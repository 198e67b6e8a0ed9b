use core::task::{Context, Poll};
use std::io;

use super::handle::ConnectionHandle;
use super::waiters::WakerSlot;
use crate::backend::HandshakeError;

/// The tracking of a stream, dropped with it.
#[derive(Debug)]
pub(crate) struct StreamTracking {
    live: ConnectionHandle,
    /// Whether the stream is closed when its peer is rejected.
    closes: bool,
}

/// One of a stream's two tasks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Task {
    Reader,
    Writer,
}

impl StreamTracking {
    pub(crate) fn new(live: ConnectionHandle, closes: bool) -> Self {
        Self { live, closes }
    }

    pub(crate) fn live(&self) -> &ConnectionHandle {
        &self.live
    }

    /// Checks whether the stream may be used.
    ///
    /// # Errors
    /// The error of the stream after its peer was rejected.
    pub(crate) fn check(&self) -> io::Result<()> {
        match self.live.rejection() {
            Some(rejection) if self.closes => Err(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                HandshakeError::Rejected(rejection.clone()),
            )),
            _ => Ok(()),
        }
    }

    /// As [`check`](Self::check), and wakes a waiting task when the result changes.
    pub(crate) fn watch(&self, context: &Context<'_>, task: Task) -> io::Result<()> {
        let slot = match task {
            Task::Reader => WakerSlot::Reader,
            Task::Writer => WakerSlot::Writer,
        };
        if self.closes && self.live.poll(context, slot) == Poll::Ready(()) {
            self.check()
        } else {
            Ok(())
        }
    }
}

impl Drop for StreamTracking {
    fn drop(&mut self) {
        self.live.detach();
    }
}
