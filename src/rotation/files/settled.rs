//! What the files hold once they have settled.

use core::time::Duration;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::pause::pause;
use super::watched_inputs::{InputsDigest, WatchedInputs};
use crate::error::{MaterialError, MaterialProblem};
use crate::rotation::rotation::Rotation;
use crate::rotation::source::SourceError;
use crate::rotation::source::reload_trigger::ReloadTrigger;

/// Inputs, and what they held when they had settled last.
pub(super) struct SettledInputs<I: WatchedInputs> {
    pub(super) inputs: I,
    /// The time between two readings that must be equal.
    pub(super) settle: Duration,
    last: Option<LastLoad<I::Error>>,
}

/// The result of the last time the inputs were parsed.
struct LastLoad<E> {
    seen: InputsDigest,
    outcome: Result<Rotation, Arc<E>>,
}

/// The grace period of inputs that do not load, in settling times.
const GRACE: u32 = 10;
/// The longest wait for inputs that keep changing, in settling times.
const PATIENCE: u32 = 100;

impl<I: WatchedInputs> SettledInputs<I> {
    pub(super) fn new(inputs: I, settle: Duration) -> Self {
        Self {
            inputs,
            settle,
            last: None,
        }
    }

    /// Returns what the files hold, once it has settled.
    pub(super) fn load(&mut self, reload: &ReloadTrigger) -> Result<Rotation, SourceError> {
        let started = Instant::now();
        let mut seen = self.look();
        let mut grace = self.settle.saturating_mul(GRACE);
        if let Some(last) = &self.last
            && last.seen.changed(&seen).is_none()
        {
            match &last.outcome {
                Ok(rotation) => return Ok(rotation.clone()),
                Err(error) if !self.may_pass(error) => return Err(Arc::clone(error).into()),
                // This error was waited for already.
                Err(_) => grace = Duration::ZERO,
            }
        }
        let mut since = started;
        let mut failure = None;
        loop {
            pause(self.settle, reload)?;
            let mut now = self.look();
            let mut changed = seen.changed(&now).map(Path::to_owned);
            if changed.is_none() && failure.is_none() {
                let outcome = self.inputs.load();
                // The parser read the files once more: they must still be what was compared.
                now = self.look();
                changed = seen.changed(&now).map(Path::to_owned);
                match outcome {
                    Ok(rotation) if changed.is_none() => {
                        self.last = Some(LastLoad {
                            seen: now,
                            outcome: Ok(rotation.clone()),
                        });
                        return Ok(rotation);
                    }
                    Ok(_) => {}
                    Err(error) => failure = Some(Arc::new(error)),
                }
            }
            match (changed, &failure) {
                (Some(path), _) => {
                    let waited = started.elapsed();
                    if waited >= self.settle.saturating_mul(PATIENCE) {
                        let problem =
                            MaterialError::from(MaterialProblem::KeepsChanging { waited });
                        let error = self.inputs.unsettled(problem.in_file(&path));
                        return Err(Arc::new(error).into());
                    }
                    (seen, since, failure) = (now, Instant::now(), None);
                }
                (None, Some(error)) if since.elapsed() >= grace => {
                    let error = Arc::clone(error);
                    self.last = Some(LastLoad {
                        seen,
                        outcome: Err(Arc::clone(&error)),
                    });
                    return Err(error.into());
                }
                (None, _) => {}
            }
        }
    }

    fn look(&self) -> InputsDigest {
        InputsDigest::of(&self.inputs.all())
    }

    /// Returns whether the same files may load at the next attempt.
    fn may_pass(&self, error: &I::Error) -> bool {
        let Some(error) = I::of_material(error) else {
            return false;
        };
        match error.problem() {
            MaterialProblem::ChangedWhileRead
            | MaterialProblem::Io { .. }
            | MaterialProblem::Passphrase { .. } => true,
            MaterialProblem::WrongPassphrase { .. } => self.inputs.has_unseen_passphrase(),
            _ => false,
        }
    }
}
