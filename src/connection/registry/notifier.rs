//! The thread that runs callbacks and observers, which may be slow.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SendError, Sender, channel};
use std::thread::Builder;

use crate::backend::{ConnectionInfo, EndReason, Event, SessionVerifier};
use crate::connection::waiters::{Callback, catch_panic};

const NAME: &str = "mtls-notifier";

/// The callbacks and the event of connections that end for one reason.
pub(crate) struct Notification {
    pub(crate) reason: EndReason,
    /// The verifier with the observer that receives the events.
    pub(crate) verifier: Arc<SessionVerifier>,
    /// Each connection has each kind of reason once, which bounds the queue.
    pub(crate) connections: Vec<(ConnectionInfo, Vec<Callback>)>,
}

/// The queue to the notifying thread.
///
/// The verifier thread starts that thread, which ends when this is dropped and the queue is empty.
#[derive(Default)]
pub(crate) struct Notifier(Option<Sender<Notification>>);

impl Notifier {
    pub(crate) fn report(&mut self, notification: Notification) {
        let notification = match &self.0 {
            Some(queue) => match queue.send(notification) {
                Ok(()) => return,
                Err(SendError(notification)) => notification,
            },
            None => notification,
        };
        let (queue, reported) = channel();
        match start(reported) {
            Ok(()) => {
                // The thread cannot have ended: it waits for this message.
                let _ = queue.send(notification);
                self.0 = Some(queue);
            }
            // No thread can be started: run them here, which delays the next verification.
            Err(_) => drop(catch_panic(|| notification.report())),
        }
    }
}

fn start(queued: Receiver<Notification>) -> io::Result<()> {
    Builder::new()
        .name(NAME.to_owned())
        .spawn(move || {
            for notification in queued {
                catch_panic(|| notification.report());
            }
        })
        .map(drop)
}

impl Notification {
    fn report(self) {
        for (info, callbacks) in self.connections {
            for callback in callbacks {
                catch_panic(|| callback(&self.reason));
            }
            self.verifier.notify(&Event::ConnectionEnding {
                connection: &info,
                reason: &self.reason,
            });
        }
    }
}
