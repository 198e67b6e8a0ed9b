use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Instant;

use super::next_step::NextStep;

/// How many connections are visited while the lock is held.
const BATCH: usize = 256;

/// The connections by revision, and those that are asked to end.
pub(crate) struct Retirement<C> {
    within: Duration,
    /// Those that were not asked, by the revision that they were opened under and their number.
    by_revision: BTreeMap<(u64, u64), Weak<C>>,
    /// The newest revision that changed our identity or trust.
    changed_by: Option<u64>,
    /// When to close those that were asked.
    closing: BTreeMap<(Instant, u64), Weak<C>>,
    deadlines: BTreeMap<u64, Instant>,
}

impl<C> Retirement<C> {
    pub(crate) fn new(within: Duration) -> Self {
        Self {
            within,
            by_revision: BTreeMap::new(),
            changed_by: None,
            closing: BTreeMap::new(),
            deadlines: BTreeMap::new(),
        }
    }

    /// Adds a connection. Its handshake may have begun before the newest revision.
    pub(crate) fn enter(&mut self, revision: u64, number: u64, connection: &Arc<C>) {
        let connection = Arc::downgrade(connection);
        self.by_revision.insert((revision, number), connection);
    }

    pub(crate) fn leave(&mut self, revision: u64, number: u64) {
        self.by_revision.remove(&(revision, number));
        if let Some(at) = self.deadlines.remove(&number) {
            self.closing.remove(&(at, number));
        }
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
        if due.is_empty() {
            self.ask(now)
        } else {
            Some(NextStep::Close(due))
        }
    }

    /// Takes the next connections to ask, with the revision that they are replaced by.
    fn ask(&mut self, now: Instant) -> Option<NextStep<C>> {
        let changed_by = self.changed_by?;
        // A time beyond every clock is no limit.
        let at = now.checked_add(self.within);
        let mut batch = Vec::new();
        while batch.len() < BATCH {
            let Some(first) = self.by_revision.first_entry() else {
                break;
            };
            let (revision, number) = *first.key();
            if revision >= changed_by {
                break;
            }
            let connection = first.remove();
            batch.extend(connection.upgrade());
            if let Some(at) = at {
                self.closing.insert((at, number), connection);
                self.deadlines.insert(number, at);
            }
        }
        (!batch.is_empty()).then_some(NextStep::Retire(batch, changed_by))
    }

    /// Takes connections whose time is over.
    fn due(&mut self, now: Instant) -> Vec<Arc<C>> {
        let mut due = Vec::new();
        while due.len() < BATCH {
            let Some(first) = self.closing.first_entry() else {
                break;
            };
            let (at, number) = *first.key();
            if at > now {
                break;
            }
            due.extend(first.remove().upgrade());
            self.deadlines.remove(&number);
        }
        due
    }

    /// How long until the next one is due.
    pub(crate) fn wait(&self, now: Instant) -> Option<Duration> {
        let ((at, _), _) = self.closing.first_key_value()?;
        Some(at.saturating_duration_since(now))
    }
}
