//! The thread that tells callers, whose code takes the time that it takes.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SendError, Sender, channel};
use std::thread::Builder;

use super::verification_subject::VerificationSubject;
use super::waiters::{Callback, catch_panic};
use crate::backend::SessionVerifier;
use crate::policy::Rejection;

const NAME: &str = "mtls-live-tell";

/// What there is to be told of one subject, whose connections were closed that are to be.
pub(crate) struct Notification {
    pub(crate) subject: Arc<VerificationSubject>,
    pub(crate) rejection: Rejection,
    /// Whose observer hears it.
    pub(crate) verifier: Arc<SessionVerifier>,
    /// Of each connection. A connection is rejected once, so that the queue has no more of them than there were.
    pub(crate) callbacks: Vec<Vec<Callback>>,
}

/// Where the judging thread leaves its news. The other thread is started by the first, and ends when this is dropped and
/// all was told.
#[derive(Default)]
pub(crate) struct Notifier(Option<Sender<Notification>>);

impl Notifier {
    pub(crate) fn tell(&mut self, news: Notification) {
        let news = match &self.0 {
            Some(queue) => match queue.send(news) {
                Ok(()) => return,
                Err(SendError(news)) => news,
            },
            None => news,
        };
        let (queue, told) = channel();
        match start(told) {
            Ok(()) => {
                // It cannot have ended: it would have waited for this.
                let _ = queue.send(news);
                self.0 = Some(queue);
            }
            // Late is better than never, for those who are judged next.
            Err(_) => catch_panic(|| news.tell()),
        }
    }
}

fn start(news: Receiver<Notification>) -> io::Result<()> {
    Builder::new()
        .name(NAME.to_owned())
        .spawn(move || {
            news.into_iter()
                .for_each(|news| catch_panic(|| news.tell()))
        })
        .map(drop)
}

impl Notification {
    fn tell(self) {
        for callbacks in self.callbacks {
            for callback in callbacks {
                catch_panic(|| callback(&self.rejection));
            }
            self.verifier
                .connection_rejected(&self.subject.peer, &self.rejection);
        }
    }
}
