use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::error::Withdrawal;
use crate::rotation::{ReloadTrigger, Rotation, Source, SourceError};

/// A [`Source`] that does what a test commands. Clones are the same source.
///
/// Each command wakes the client or server that polls it, so that it takes effect at once.
///
/// ```
/// # #[cfg(feature = "aws-lc-rs")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::test_util::{TestCa, TestSource};
/// use mtls::{MtlsServer, Rotation, Rustls, VerifierPolicy};
///
/// let ca = TestCa::new("Example CA");
/// let material = || Rotation::new()
///     .identity(ca.leaf("server").dns("db.example").issue())
///     .trust_anchors(ca.anchors());
/// let source = TestSource::new(material());
/// let server = MtlsServer::builder()
///     .source(source.clone())
///     .policy(VerifierPolicy::allow_any_authenticated())
///     .build(Rustls::default())?;
/// source.fail("vault is sealed");
/// # let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
/// while server.handle().status().last_failure().is_none() {
///     std::thread::yield_now();
/// #   assert!(std::time::Instant::now() < deadline);
/// }
/// source.publish(material());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "aws-lc-rs"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct TestSource(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    answer: Answer,
    is_stalled: bool,
    polls: u64,
    trigger: Option<ReloadTrigger>,
}

#[derive(Clone, Debug)]
enum Answer {
    Fault(String),
    Withdrawal,
    Material(Box<Rotation>),
}

impl TestSource {
    /// Creates a source that returns `material` at each poll.
    pub fn new(material: Rotation) -> Self {
        Self(Arc::new(Shared {
            state: Mutex::new(State {
                answer: Answer::Material(Box::new(material)),
                is_stalled: false,
                polls: 0,
                trigger: None,
            }),
            changed: Condvar::new(),
        }))
    }

    /// Returns `material` from now on. A stalled poll stays stalled.
    pub fn publish(&self, material: Rotation) {
        self.command(|state| state.answer = Answer::Material(Box::new(material)));
    }

    /// Returns an error with this text from now on: the source has vanished, or is torn.
    pub fn fail(&self, text: impl Into<String>) {
        self.command(|state| state.answer = Answer::Fault(text.into()));
    }

    /// Answers from now on that our identity is withdrawn, see
    /// [`Withdrawal`].
    pub fn withdraw(&self) {
        self.command(|state| state.answer = Answer::Withdrawal);
    }

    /// Lets every poll wait, from the next one on, until [`release`](Self::release).
    pub fn stall(&self) {
        self.command(|state| state.is_stalled = true);
    }

    /// Ends [`stall`](Self::stall). A waiting poll returns what the source has now.
    pub fn release(&self) {
        self.command(|state| state.is_stalled = false);
    }

    /// Returns how many polls have begun.
    pub fn polls(&self) -> u64 {
        self.state().polls
    }

    /// Waits for a poll that begins after this call, and returns whether there was one in time.
    pub fn wait_for_poll(&self, at_most: Duration) -> bool {
        let deadline = Instant::now() + at_most;
        let mut state = self.state();
        let before = state.polls;
        while state.polls == before {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.0.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn command(&self, command: impl FnOnce(&mut State)) {
        let mut state = self.state();
        command(&mut state);
        self.0.changed.notify_all();
        let trigger = state.trigger.clone();
        drop(state);
        if let Some(trigger) = trigger {
            trigger.now();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for TestSource {
    fn load(&mut self, reload: &ReloadTrigger) -> Result<Rotation, SourceError> {
        let mut state = self.state();
        state.trigger = Some(reload.clone());
        state.polls += 1;
        self.0.changed.notify_all();
        while state.is_stalled && !reload.is_over() {
            // The end of the client or server is a state of the trigger, which does not wake this.
            let waited = self.0.changed.wait_timeout(state, CHECK_FOR_THE_END);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        match state.answer.clone() {
            Answer::Fault(text) => Err(text.into()),
            Answer::Withdrawal => Err(Withdrawal::new("the test source has no identity").into()),
            Answer::Material(material) => Ok(*material),
        }
    }
}

/// How often a stalled poll looks whether its client or server is gone.
const CHECK_FOR_THE_END: Duration = Duration::from_millis(50);
