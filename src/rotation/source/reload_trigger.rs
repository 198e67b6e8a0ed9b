use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Wakes the thread that asks a [`Source`](crate::Source): what a source that is told of changes calls, from any thread.
///
/// Clones ring the same bell. Ringing it many times before the thread has come counts once.
#[derive(Clone, Debug, Default)]
pub struct ReloadTrigger(Arc<TriggerState>);

#[derive(Debug, Default)]
struct TriggerState {
    state: Mutex<State>,
    triggered: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_triggered: bool,
    is_over: bool,
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WakeReason {
    Over,
    Triggered,
    TimedOut,
}

impl ReloadTrigger {
    /// Has the source asked again, as soon as it can be.
    pub fn now(&self) {
        self.state().is_triggered = true;
        self.0.triggered.notify_all();
    }

    /// Whether the client or server is gone, so that nobody will ask again. A source that has threads of its own ends
    /// them then; one whose `load` waits comes back.
    pub fn is_over(&self) -> bool {
        self.state().is_over
    }

    pub(crate) fn end(&self) {
        self.state().is_over = true;
        self.0.triggered.notify_all();
    }

    /// Waits to be rung, and takes that back.
    pub(crate) fn wait(&self, at_most: Duration) -> WakeReason {
        self.wait_until(at_most, |state| core::mem::take(&mut state.is_triggered))
    }

    /// Waits, rung or not.
    pub(crate) fn rest(&self, pause: Duration) -> WakeReason {
        self.wait_until(pause, |_| false)
    }

    fn wait_until(
        &self,
        at_most: Duration,
        is_triggered: impl Fn(&mut State) -> bool,
    ) -> WakeReason {
        let until = Instant::now().checked_add(at_most);
        let mut state = self.state();
        loop {
            if state.is_over {
                return WakeReason::Over;
            }
            if is_triggered(&mut state) {
                return WakeReason::Triggered;
            }
            state = match until {
                None => {
                    let woken = self.0.triggered.wait(state);
                    woken.unwrap_or_else(PoisonError::into_inner)
                }
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return WakeReason::TimedOut;
                    }
                    let woken = self.0.triggered.wait_timeout(state, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
