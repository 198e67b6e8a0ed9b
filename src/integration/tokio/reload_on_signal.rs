//! Reloading upon a signal, as daemons do upon SIGHUP.

use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use std::io;

use ::tokio::runtime::Handle;
use ::tokio::signal::unix::{SignalKind, signal};

use crate::rotation::RotationHandle;

impl RotationHandle {
    /// Polls the [`Source`](crate::Source) again upon each signal of this kind, such as SIGHUP.
    ///
    /// It spawns a task on the current runtime, which ends with the client or server and does not
    /// keep it alive. Several handles may wait for one signal. From this call on the signal does
    /// not end the process any more, also after the client or server is gone: that is how tokio
    /// handles signals. Without a source the signal does nothing.
    ///
    /// Needs the cargo feature `tokio`, on Unix.
    ///
    /// ```no_run
    /// # async fn f(server: mtls::MtlsServer) -> std::io::Result<()> {
    /// use tokio::signal::unix::SignalKind;
    ///
    /// server.handle().reload_on_signal(SignalKind::hangup())?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// There is no current runtime of tokio, or the signal cannot be handled (SIGKILL).
    ///
    /// # Panics
    /// The current runtime was built without `enable_io`.
    pub fn reload_on_signal(&self, kind: SignalKind) -> io::Result<()> {
        let runtime = Handle::try_current().map_err(io::Error::other)?;
        let mut signals = signal(kind)?;
        let trigger = self.trigger();
        let mut changes = self.status_changes();
        runtime.spawn(async move {
            let mut over = pin!(async { while changes.changed().await.is_some() {} });
            poll_fn(|context| {
                if over.as_mut().poll(context).is_ready() {
                    return Poll::Ready(());
                }
                while let Poll::Ready(received) = signals.poll_recv(context) {
                    if received.is_none() {
                        return Poll::Ready(());
                    }
                    trigger.now();
                }
                Poll::Pending
            })
            .await;
        });
        Ok(())
    }
}
