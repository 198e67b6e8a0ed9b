mod activity;
pub(super) mod peer_connections;
mod sweep;

use core::ops::Bound::{Excluded, Included, Unbounded};
use core::time::Duration;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use pki_types::UnixTime;

use super::next_step::NextStep;
use super::retirement::Retirement;
use super::verification_subject::{Key, VerificationBasis, VerificationSubject};
use crate::policy::Rejection;
use activity::Activity;
use peer_connections::{Members, PeerConnections};
use sweep::Sweep;

/// How often the clock is read. It is the caller's and may jump, so no wait is longer.
const TICK: Duration = Duration::from_secs(1);
/// How many subjects are verified before other work is considered.
const BATCH: usize = 16;
/// How many entries are visited while the lock is held.
const LOOKS: usize = 256;

/// All connections, grouped by subject. Trees, because a hash table that grows blocks every caller.
pub(crate) struct RegistryState<C> {
    pub(crate) has_thread: bool,
    activity: Activity,
    /// Whether no further revision comes.
    pub(crate) is_over: bool,
    basis: Arc<VerificationBasis>,
    groups: BTreeMap<Key, PeerConnections<C>>,
    connections: usize,
    next: u64,
    /// The expiry of each group that has not expired.
    due: BTreeSet<(UnixTime, Key)>,
    /// Verified first: expired, or opened before the newest revision and missed by its sweep.
    urgent: BTreeSet<Key>,
    /// Verified at the next revision, because a connection was opened under it.
    early: BTreeSet<Key>,
    sweep: Option<Sweep>,
    /// `None` if connections are not retired.
    retirement: Option<Retirement<C>>,
}

/// Where a connection is in the registry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Whether it is in the group of its subject: not if the client is anonymous.
    pub(super) is_grouped: bool,
    pub(super) number: u64,
}

pub(crate) type Verdict = (Arc<VerificationSubject>, Result<UnixTime, Rejection>);

impl<C> RegistryState<C> {
    /// `within` is the time that a retired connection gets to end.
    pub(crate) fn new(basis: VerificationBasis, within: Option<Duration>) -> Self {
        Self {
            has_thread: false,
            activity: Activity::default(),
            is_over: false,
            basis: Arc::new(basis),
            groups: BTreeMap::new(),
            connections: 0,
            next: 0,
            due: BTreeSet::new(),
            urgent: BTreeSet::new(),
            early: BTreeSet::new(),
            sweep: None,
            retirement: within.map(Retirement::new),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.connections
    }

    /// Whether the thread has to wake from its wait. It is asked to once.
    pub(crate) fn has_to_wake(&mut self) -> bool {
        let (has_connections, is_pressing) = (!self.groups.is_empty(), self.is_pressing());
        self.activity.has_to_wake(has_connections, is_pressing)
    }

    /// Whether something has to be done at once.
    pub(crate) fn is_pressing(&self) -> bool {
        let retirement = self.retirement.as_ref();
        let retires = retirement.is_some_and(Retirement::is_pressing);
        let ends = self.is_over && self.groups.is_empty();
        retires || ends || self.sweep.is_some() || !self.urgent.is_empty()
    }

    /// The thread waits, for at most this long.
    pub(crate) fn waits_for(&mut self, at_most: Option<Duration>) {
        self.activity = Activity::waiting(at_most, TICK);
    }

    /// The thread has woken.
    pub(crate) fn works(&mut self) {
        self.activity = Activity::Works;
    }

    /// Adds a connection.
    ///
    /// `verified` is the revision that verified its peer, `opened` the one that it was opened
    /// under. `subject` is its peer, and until when its path is valid; `None` if it is not verified
    /// again.
    pub(crate) fn enter(
        &mut self,
        verified: u64,
        opened: u64,
        subject: Option<(Arc<VerificationSubject>, UnixTime)>,
        connection: impl FnOnce(Option<Arc<VerificationSubject>>, Place) -> Arc<C>,
    ) -> Arc<C> {
        self.next = self.next.wrapping_add(1);
        let place = Place {
            is_grouped: subject.is_some(),
            number: self.next,
        };
        let connection = match subject {
            Some(subject) => self.enter_group(place, verified, subject, connection),
            None => connection(None, place),
        };
        if let Some(retirement) = &mut self.retirement {
            retirement.enter(opened, place.number, &connection);
        }
        self.connections = self.connections.saturating_add(1);
        connection
    }

    fn enter_group(
        &mut self,
        place: Place,
        revision: u64,
        (subject, expires): (Arc<VerificationSubject>, UnixTime),
        connection: impl FnOnce(Option<Arc<VerificationSubject>>, Place) -> Arc<C>,
    ) -> Arc<C> {
        let key = *subject.key();
        let group = self.groups.entry(key).or_insert_with(|| {
            self.due.insert((expires, key));
            PeerConnections {
                subject,
                connections: Members::new(),
                verified: revision,
                accepted: revision,
                expires,
            }
        });
        group.accepted = group.accepted.max(revision);
        // The sweep of the newest revision may have passed it.
        if group.verified < self.basis.revision && revision < self.basis.revision {
            self.urgent.insert(key);
        }
        let live = connection(Some(Arc::clone(&group.subject)), place);
        group
            .connections
            .insert(place.number, Arc::downgrade(&live));
        live
    }

    /// Removes a connection. Returns its group if it was the last, to be dropped after the lock.
    ///
    /// `key` is that of its group, unless the client is anonymous, and `opened` the revision that
    /// it was opened under.
    pub(crate) fn leave(
        &mut self,
        key: Option<&Key>,
        opened: u64,
        number: u64,
    ) -> Option<PeerConnections<C>> {
        if let Some(retirement) = &mut self.retirement {
            retirement.leave(opened, number);
        }
        let Some(key) = key else {
            self.connections = self.connections.saturating_sub(1);
            return None;
        };
        let group = self.groups.get_mut(key)?;
        group.connections.remove(number)?;
        self.connections = self.connections.saturating_sub(1);
        if group.connections.is_empty() {
            self.remove(key)
        } else {
            None
        }
    }

    pub(crate) fn basis(&self) -> Arc<VerificationBasis> {
        Arc::clone(&self.basis)
    }

    /// Sets a new basis. Returns the former one, to be dropped after the lock.
    ///
    /// `retires` is whether our identity or trust has changed.
    pub(crate) fn revise(
        &mut self,
        basis: Arc<VerificationBasis>,
        retires: bool,
    ) -> Arc<VerificationBasis> {
        if let (Some(retirement), true) = (&mut self.retirement, retires) {
            retirement.begin(basis.revision);
        }
        let at = self.sweep.take().and_then(|sweep| sweep.at);
        self.sweep = Some(Sweep {
            began: at,
            at,
            has_turned: false,
        });
        self.urgent.append(&mut self.early);
        core::mem::replace(&mut self.basis, basis)
    }

    /// `looked` is the time since the clock was last read.
    pub(crate) fn work(&mut self, looked: Duration) -> NextStep<C> {
        let now = Instant::now();
        let retirement = self.retirement.as_mut();
        let (step, until_closing) =
            retirement.map_or((None, None), |it| (it.step(now), it.wait(now)));
        if let Some(step) = step {
            return step;
        }
        if self.groups.is_empty() {
            self.sweep = None;
            if self.is_over && until_closing.is_none() {
                self.has_thread = false;
                return NextStep::Over;
            }
            // The next connection may come soon: it should not have to wake the thread.
            let tick = TICK.checked_sub(looked).filter(|_| !self.is_over);
            let until = until_closing.into_iter().chain(tick).min();
            return NextStep::Wait(until);
        }
        let mut subjects = Vec::new();
        while let (true, Some(key)) = (subjects.len() < BATCH, self.urgent.pop_first()) {
            let group = self.groups.get(&key);
            subjects.extend(group.map(|group| Arc::clone(&group.subject)));
        }
        if subjects.is_empty() {
            if looked >= TICK {
                return NextStep::Look(self.basis());
            }
            if !self.continue_sweep(&mut subjects) {
                let tick = TICK.saturating_sub(looked);
                return NextStep::Wait(Some(until_closing.map_or(tick, |until| until.min(tick))));
            }
        }
        NextStep::Verify(subjects, self.basis())
    }

    /// Adds the next groups of the sweep that the newest revision has not verified.
    ///
    /// Returns `false` if there is no sweep.
    fn continue_sweep(&mut self, subjects: &mut Vec<Arc<VerificationSubject>>) -> bool {
        let Some(sweep) = &mut self.sweep else {
            return false;
        };
        let from = sweep.at.map_or(Unbounded, Excluded);
        let to = match (sweep.has_turned, sweep.began) {
            (true, Some(began)) => Included(began),
            _ => Unbounded,
        };
        let mut is_at_end = true;
        for (looked, (key, group)) in self.groups.range((from, to)).enumerate() {
            if looked >= LOOKS || subjects.len() >= BATCH {
                is_at_end = false;
                break;
            }
            sweep.at = Some(*key);
            if group.verified < self.basis.revision {
                subjects.push(Arc::clone(&group.subject));
            }
        }
        if is_at_end {
            match (sweep.has_turned, sweep.began) {
                (false, Some(_)) => (sweep.has_turned, sweep.at) = (true, None),
                _ => self.sweep = None,
            }
        }
        true
    }

    /// Makes the groups urgent that expired by `now`. Returns `false` if more may have.
    pub(crate) fn look(&mut self, now: UnixTime) -> bool {
        for _ in 0..LOOKS {
            match self.due.first() {
                Some(&(expires, key)) if expires < now => {
                    self.due.pop_first();
                    self.urgent.insert(key);
                }
                _ => return true,
            }
        }
        false
    }

    /// Stores verdicts, and removes the groups whose peers are rejected.
    pub(crate) fn settle(
        &mut self,
        revision: u64,
        verdicts: Vec<Verdict>,
    ) -> Vec<(PeerConnections<C>, Rejection)> {
        let mut rejected = Vec::new();
        for (subject, verdict) in verdicts {
            let key = *subject.key();
            let Entry::Occupied(mut group) = self.groups.entry(key) else {
                continue;
            };
            let accepted = group.get().accepted;
            match verdict {
                // Handshakes use a revision before it is set here.
                _ if self.basis.revision < accepted => {
                    self.early.insert(key);
                }
                Ok(expires) => {
                    let group = group.get_mut();
                    group.verified = group.verified.max(revision);
                    self.due.remove(&(group.expires, key));
                    self.due.insert((expires, key));
                    group.expires = expires;
                }
                // A newer revision may accept the peer, and a connection may have been opened under
                // it.
                Err(_) if revision < self.basis.revision => {
                    self.urgent.insert(key);
                }
                Err(rejection) => {
                    let group = self.remove(&key);
                    rejected.extend(group.map(|group| (group, rejection)));
                }
            }
        }
        rejected
    }

    fn remove(&mut self, key: &Key) -> Option<PeerConnections<C>> {
        let group = self.groups.remove(key)?;
        self.due.remove(&(group.expires, *key));
        self.connections = self.connections.saturating_sub(group.connections.len());
        Some(group)
    }
}
