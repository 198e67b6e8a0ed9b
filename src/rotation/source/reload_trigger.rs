use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Wakes the thread that polls a [`Source`](crate::Source).
///
/// A source that learns of changes by itself calls it, from any thread. Clones are one trigger.
/// Several calls before the thread has woken count once.
///
/// ```
/// use mtls::rotation::{ReloadTrigger, SourceError};
/// use mtls::{Rotation, Source};
///
/// /// Polls again on each message of a channel.
/// struct Pushed(Option<std::sync::mpsc::Receiver<()>>);
///
/// impl Source for Pushed {
///     fn load(&mut self, reload: &ReloadTrigger) -> Result<Rotation, SourceError> {
///         if let Some(messages) = self.0.take() {
///             let reload = reload.clone();
///             std::thread::spawn(move || {
///                 while !reload.is_over() && messages.recv().is_ok() {
///                     reload.now();
///                 }
///             });
///         }
///         Ok(Rotation::new())
///     }
/// }
/// ```
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

    /// Returns whether the client or server is gone.
    ///
    /// The source is not polled any more then. A source that has threads of its own ends them then,
    /// and a `load` that waits returns.
    pub fn is_over(&self) -> bool {
        self.state().is_over
    }

    pub(crate) fn end(&self) {
        self.state().is_over = true;
        self.0.triggered.notify_all();
    }

    /// Waits until triggered, and resets the trigger.
    pub(crate) fn wait(&self, at_most: Duration) -> WakeReason {
        let mut state = self.wait_while(at_most, |state| !state.is_triggered);
        if state.is_over {
            WakeReason::Over
        } else if core::mem::take(&mut state.is_triggered) {
            WakeReason::Triggered
        } else {
            WakeReason::TimedOut
        }
    }

    /// Waits the whole pause, whether or not it is triggered.
    pub(crate) fn rest(&self, pause: Duration) -> WakeReason {
        if self.wait_while(pause, |_| true).is_over {
            WakeReason::Over
        } else {
            WakeReason::TimedOut
        }
    }

    /// Waits until the end, or until `is_waiting` is false.
    fn wait_while(
        &self,
        at_most: Duration,
        is_waiting: impl Fn(&State) -> bool,
    ) -> MutexGuard<'_, State> {
        let is_waiting = |state: &mut State| !state.is_over && is_waiting(state);
        let triggered = &self.0.triggered;
        let woken = triggered.wait_timeout_while(self.state(), at_most, is_waiting);
        woken.unwrap_or_else(PoisonError::into_inner).0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
