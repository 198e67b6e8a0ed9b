//! The events of a client or a server, one line each.

mod event_line;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use mtls::Event;

pub(crate) use event_line::EventLine;

/// How many lines wait to be printed; those that find no place are counted.
const WAITING: usize = 1024;

/// How many lines about connections are printed in a second; others are counted.
///
/// Strangers cause them, and could fill a disk.
const CONNECTIONS_PER_SECOND: u32 = 50;

/// Receives the lines.
pub(crate) struct Events {
    lines: Receiver<EventLine>,
    lost: Arc<AtomicU64>,
    second: Instant,
    in_second: u32,
}

/// Makes lines of events.
#[derive(Clone)]
pub(crate) struct EventSender {
    lines: SyncSender<EventLine>,
    lost: Arc<AtomicU64>,
}

pub(crate) fn channel() -> (EventSender, Events) {
    let (sender, lines) = sync_channel(WAITING);
    let lost = Arc::<AtomicU64>::default();
    let events = Events {
        lines,
        lost: lost.clone(),
        second: Instant::now(),
        in_second: 0,
    };
    let sender = EventSender {
        lines: sender,
        lost,
    };
    (sender, events)
}

impl EventSender {
    /// Returns an observer for a builder.
    pub(crate) fn observer(&self) -> impl Fn(&Event<'_>) + Send + Sync + 'static {
        let sender = self.clone();
        move |event| {
            if let Some(line) = EventLine::of(event) {
                sender.send(line);
            }
        }
    }

    /// Passes a line on, or counts it where too many wait: a service never waits for its log.
    pub(crate) fn send(&self, line: EventLine) {
        if self.lines.try_send(line).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Events {
    /// Waits for the next line, for at most this time; `None` if none comes.
    pub(crate) fn next(&mut self, at_most: Duration) -> Option<EventLine> {
        let deadline = Instant::now().checked_add(at_most);
        loop {
            if self.second.elapsed() >= Duration::from_secs(1) {
                self.second = Instant::now();
                self.in_second = 0;
                let lost = self.lost.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    return Some(EventLine::of_lost(lost));
                }
            }
            let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
            let line = match self.lines.recv_timeout(left.unwrap_or(at_most)) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
            };
            if !line.is_of_connection() {
                return Some(line);
            }
            self.in_second = self.in_second.saturating_add(1);
            if self.in_second <= CONNECTIONS_PER_SECOND {
                return Some(line);
            }
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}
