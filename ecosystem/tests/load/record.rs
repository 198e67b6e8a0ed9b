//! What happens to connections, and what the process holds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use mtls::Event;
use mtls::connection::EndReason;
use mtls::event::HandshakeOutcome;

/// The connections of one side, as its observer reports them.
#[derive(Clone, Debug, Default)]
pub struct Connections(Arc<Mutex<State>>);

#[derive(Debug, Default)]
pub struct State {
    /// How many are open, by revision.
    open: BTreeMap<u64, usize>,
    published: BTreeMap<u64, Instant>,
    pub opened: usize,
    pub retired: usize,
    /// Why they ended.
    pub ended: BTreeMap<&'static str, usize>,
    pub failed_handshakes: BTreeMap<&'static str, usize>,
    pub slowest_handshake: Duration,
}

impl Connections {
    /// Records an event.
    pub fn observe(&self, event: &Event<'_>) {
        let mut state = self.state();
        match event {
            Event::Handshake(handshake) => {
                let slowest = &mut state.slowest_handshake;
                *slowest = handshake.duration.max(*slowest);
                match handshake.outcome {
                    HandshakeOutcome::Accepted(connection) => {
                        *state.open.entry(connection.revision()).or_default() += 1;
                        state.opened += 1;
                    }
                    outcome => *state.failed_handshakes.entry(outcome.as_str()).or_default() += 1,
                }
            }
            Event::ConnectionEnding {
                reason: EndReason::Retired { .. },
                ..
            } => state.retired += 1,
            Event::ConnectionEnded {
                connection, cause, ..
            } => {
                *state.ended.entry(cause.as_str()).or_default() += 1;
                *state.open.get_mut(&connection.revision()).unwrap() -= 1;
                state.open.retain(|_, count| *count > 0);
            }
            Event::Rotated { revision, .. } => {
                state.published.insert(*revision, Instant::now());
            }
            _ => {}
        }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub fn open(&self) -> usize {
        self.state().open.values().sum()
    }

    /// How long ago the certificate of the oldest open connection was replaced.
    pub fn oldest(&self) -> Duration {
        let state = self.state();
        let first = state.open.keys().next();
        let replaced = first.and_then(|revision| state.published.get(&(revision + 1)));
        replaced.map_or(Duration::ZERO, Instant::elapsed)
    }
}

/// What the process holds.
#[derive(Clone, Copy, Debug)]
pub struct Footprint {
    pub pages: u64,
    pub descriptors: usize,
}

impl Footprint {
    pub fn now() -> Self {
        let text = std::fs::read_to_string("/proc/self/statm").unwrap();
        let resident = text.split_whitespace().nth(1).unwrap();
        Self {
            pages: resident.parse().unwrap(),
            descriptors: std::fs::read_dir("/proc/self/fd").unwrap().count(),
        }
    }

    /// Returns the median of each figure, since connections come and go.
    pub fn median(samples: &[Self]) -> Self {
        assert!(!samples.is_empty(), "there was no time to look");
        let mut pages: Vec<_> = samples.iter().map(|sample| sample.pages).collect();
        let mut descriptors: Vec<_> = samples.iter().map(|sample| sample.descriptors).collect();
        pages.sort_unstable();
        descriptors.sort_unstable();
        Self {
            pages: pages[pages.len() / 2],
            descriptors: descriptors[descriptors.len() / 2],
        }
    }

    #[track_caller]
    pub fn expect_no_more_than(&self, early: &Self) {
        // 8 MiB for the allocator.
        let most = early.pages + early.pages / 10 + 2048;
        assert!(self.pages <= most, "it grew: {early:?}, {self:?}");
        let most = early.descriptors + early.descriptors / 5;
        assert!(self.descriptors <= most, "it leaks: {early:?}, {self:?}");
    }
}
