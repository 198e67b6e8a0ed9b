use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Wakes the thread that polls a [`Source`](crate::Source).
///
/// A source that learns of changes by itself calls it, from any thread. Clones are one trigger.
/// Several calls before the thread has woken count once.
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
    /// Triggers the next poll of the source, as soon as it can happen.
    pub fn now(&self) {
        self.state().is_triggered = true;
        self.0.triggered.notify_all();
    }

    /// Returns whether the client or server is gone, and the source is not polled any more.
    ///
    /// A source that has threads of its own ends them then, and a `load` that waits returns.
    pub fn is_over(&self) -> bool {
        self.state().is_over
    }

    pub(crate) fn end(&self) {
        self.state().is_over = true;
        self.0.triggered.notify_all();
    }

    /// Waits until triggered, and resets the trigger.
    pub(crate) fn wait(&self, at_most: Duration) -> WakeReason {
        self.wait_until(at_most, |state| core::mem::take(&mut state.is_triggered))
    }

    /// Waits the whole pause, whether or not it is triggered.
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
