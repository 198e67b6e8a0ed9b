use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Weak};
use std::time::Instant;

use super::next_step::NextStep;

/// How many connections are visited while the lock is held.
const BATCH: usize = 256;

/// The connections by revision, and those that are asked to end.
pub(crate) struct Retirement<C> {
    within: Duration,
    by_revision: BTreeMap<(u64, u64), Weak<C>>,
    /// The newest revision that changed our identity or trust, while earlier connections remain.
    changed_by: Option<u64>,
    /// When to close those that were asked, the earliest first.
    closing: VecDeque<(Instant, Weak<C>)>,
}

impl<C> Retirement<C> {
    pub(crate) fn new(within: Duration) -> Self {
        Self {
            within,
            by_revision: BTreeMap::new(),
            changed_by: None,
            closing: VecDeque::new(),
        }
    }

    /// Adds a connection. Its handshake may have begun before the newest revision.
    pub(crate) fn enter(&mut self, revision: u64, number: u64, connection: &Arc<C>) {
        let connection = Arc::downgrade(connection);
        self.by_revision.insert((revision, number), connection);
    }

    pub(crate) fn leave(&mut self, revision: u64, number: u64) {
        self.by_revision.remove(&(revision, number));
    }

    pub(crate) fn begin(&mut self, revision: u64) {
        self.changed_by = Some(revision);
    }

    /// Whether connections are due to be asked.
    pub(crate) fn is_pressing(&self) -> bool {
        match (self.changed_by, self.by_revision.first_key_value()) {
            (Some(changed_by), Some(((revision, _), _))) => *revision < changed_by,
            _ => false,
        }
    }

    /// Returns what has to be done now.
    pub(crate) fn step(&mut self, now: Instant) -> Option<NextStep<C>> {
        let due = self.due(now);
        if !due.is_empty() {
            return Some(NextStep::Close(due));
        }
        let (batch, revision) = self.next()?;
        self.asked(&batch, now);
        Some(NextStep::Retire(batch, revision))
    }

    /// Takes the next connections to ask, with the revision that they are replaced by.
    fn next(&mut self) -> Option<(Vec<Arc<C>>, u64)> {
        let changed_by = self.changed_by?;
        let mut batch = Vec::new();
        for _ in 0..BATCH {
            match self.by_revision.first_entry() {
                Some(first) if first.key().0 < changed_by => batch.extend(first.remove().upgrade()),
                _ => break,
            }
        }
        (!batch.is_empty()).then_some((batch, changed_by))
    }

    /// Notes connections that were asked at `now`.
    fn asked(&mut self, batch: &[Arc<C>], now: Instant) {
        if let Some(at) = now.checked_add(self.within) {
            let batch = batch
                .iter()
                .map(|connection| (at, Arc::downgrade(connection)));
            self.closing.extend(batch);
        }
    }

    /// Takes connections whose time is over.
    fn due(&mut self, now: Instant) -> Vec<Arc<C>> {
        let mut due = Vec::new();
        while due.len() < BATCH {
            match self.closing.front() {
                Some((at, _)) if *at <= now => {}
                _ => break,
            }
            let first = self.closing.pop_front();
            due.extend(first.and_then(|(_, connection)| connection.upgrade()));
        }
        due
    }

    /// How long until the next one is due.
    pub(crate) fn wait(&self, now: Instant) -> Option<Duration> {
        let (at, _) = self.closing.front()?;
        Some(at.saturating_duration_since(now))
    }
}
