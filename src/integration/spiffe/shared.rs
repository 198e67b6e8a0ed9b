//! The state that the worker thread and the thread that polls the source share.

use core::time::Duration;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ::tokio::sync::Notify;

use super::error::SpiffeError;
use super::svid_update::SvidUpdate;
use crate::rotation::ReloadTrigger;

/// How often a waiting poller checks whether the source was dropped.
const GLANCE: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Notified when the source is dropped.
    pub(super) over: Notify,
}

#[derive(Debug)]
enum State {
    /// No update has come yet; the last error until then.
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

    /// Withdraws the update. Returns whether that is news.
    pub(super) fn lose(&self, error: SpiffeError) -> bool {
        let mut state = self.state();
        let (next, is_news) = match &*state {
            State::Waiting(_) => (State::Waiting(Some(error)), false),
            State::SvidUpdate(_) => (State::Lost(error), true),
            // It lasts until there is an identity again, also if the agent goes away.
            State::Lost(before) if before.is_withdrawal() && !error.is_withdrawal() => {
                return false;
            }
            // An agent that was away, and has no identity for us.
            State::Lost(before) => {
                let is_news = error.is_withdrawal() && !before.is_withdrawal();
                (State::Lost(error), is_news)
            }
        };
        *state = next;
        is_news
    }

    /// Returns the current update, and waits for the first.
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
