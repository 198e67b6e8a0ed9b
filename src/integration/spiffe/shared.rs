//! What the thread that listens to the agent and the one that asks the source know together.

use core::time::Duration;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ::tokio::sync::Notify;

use super::error::SpiffeError;
use super::svid_update::SvidUpdate;
use crate::rotation::ReloadTrigger;

/// How long one who waits does not look whether anybody still wants it.
const GLANCE: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Rung when the source is dropped.
    pub(super) over: Notify,
}

#[derive(Debug)]
enum State {
    /// Nothing was given yet; the last that was in the way.
    Waiting(Option<SpiffeError>),
    SvidUpdate(SvidUpdate),
    Lost(SpiffeError),
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State::Waiting(None)),
            changed: Condvar::new(),
            over: Notify::new(),
        }
    }

    pub(super) fn give(&self, given: SvidUpdate) {
        *self.state() = State::SvidUpdate(given);
        self.changed.notify_all();
    }

    /// Nothing is given until something is given again. Whether that is news.
    pub(super) fn lose(&self, error: SpiffeError) -> bool {
        let mut state = self.state();
        let (next, is_news) = match &*state {
            State::Waiting(_) => (State::Waiting(Some(error)), false),
            State::SvidUpdate(_) => (State::Lost(error), true),
            State::Lost(_) => (State::Lost(error), false),
        };
        *state = next;
        is_news
    }

    /// What is given now. The first is waited for.
    pub(super) fn given(
        &self,
        until: Instant,
        reload: &ReloadTrigger,
        silence: impl FnOnce() -> SpiffeError,
    ) -> Result<SvidUpdate, SpiffeError> {
        let mut state = self.state();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match &*state {
                State::SvidUpdate(given) => return Ok(given.clone()),
                State::Lost(error) => return Err(error.clone()),
                State::Waiting(error) if left.is_zero() || reload.is_over() => {
                    return Err(error.clone().unwrap_or_else(silence));
                }
                State::Waiting(_) => {}
            }
            let woken = self.changed.wait_timeout(state, left.min(GLANCE));
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
