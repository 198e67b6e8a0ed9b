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
    Lost {
        error: SpiffeError,
        /// A withdrawal that no poll has seen yet. It must not be missed where the agent goes away
        /// right after it.
        withdrawal: Option<SpiffeError>,
    },
}

impl State {
    fn lost(error: SpiffeError, unseen: Option<SpiffeError>) -> Self {
        let withdrawal = if error.is_withdrawal() {
            Some(error.clone())
        } else {
            unseen
        };
        Self::Lost { error, withdrawal }
    }
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
        let (next, is_news) = match &mut *state {
            State::Waiting(_) => (State::Waiting(Some(error)), false),
            State::SvidUpdate(_) => (State::lost(error, None), true),
            // An agent that was away, and has no identity for us.
            State::Lost {
                error: before,
                withdrawal,
            } => {
                let is_news = error.is_withdrawal() && !before.is_withdrawal();
                (State::lost(error, withdrawal.take()), is_news)
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
            match &mut *state {
                State::SvidUpdate(given) => return Ok(given.clone()),
                State::Lost { error, withdrawal } => {
                    return Err(withdrawal.take().unwrap_or_else(|| error.clone()));
                }
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

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{Shared, SpiffeError, State};
    use crate::rotation::ReloadTrigger;

    /// An agent that answers "no identity" and closes at once does both before a poll.
    #[test]
    fn a_withdrawal_is_seen_although_the_agent_goes_away() {
        let shared = Shared::new();
        let asked = || {
            let silence = || SpiffeError::NoAddress;
            let given = shared.given(Instant::now(), &ReloadTrigger::default(), silence);
            given.err().map(|error| error.is_withdrawal())
        };
        *shared.state() = State::lost(SpiffeError::NoAddress, None);
        assert_eq!(asked(), Some(false));
        let address = "unix:///agent.sock".to_owned();
        let words = "no identity issued".to_owned();
        assert!(shared.lose(SpiffeError::NoIdentity { address, words }));
        assert!(!shared.lose(SpiffeError::NoAddress));
        assert_eq!(asked(), Some(true));
        assert_eq!(asked(), Some(false));
    }
}
