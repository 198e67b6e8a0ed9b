//! What the files hold once they have settled.

use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use super::inputs::{Inputs, InputsDigest};
use super::pause::pause;
use crate::error::{MaterialError, MaterialProblem};
use crate::material::Passphrase;
use crate::rotation::rotation::Rotation;
use crate::rotation::source::SourceError;
use crate::rotation::source::reload_trigger::ReloadTrigger;

/// Inputs, and what they held when they had settled last.
pub(super) struct SettledInputs {
    pub(super) inputs: Inputs,
    /// The time between two readings that must be equal.
    pub(super) settle: Duration,
    last: Option<LastLoad>,
}

/// The result of the last time the inputs were parsed.
struct LastLoad {
    seen: InputsDigest,
    outcome: Result<Rotation, Arc<MaterialError>>,
}

/// The grace period of inputs that do not load, in settling times.
const GRACE: u32 = 10;
/// The longest wait for inputs that keep changing, in settling times.
const PATIENCE: u32 = 100;

impl SettledInputs {
    pub(super) fn new(inputs: Inputs, settle: Duration) -> Self {
        Self {
            inputs,
            settle,
            last: None,
        }
    }

    /// Returns what the files hold, once it has settled.
    pub(super) fn load(&mut self, reload: &ReloadTrigger) -> Result<Rotation, SourceError> {
        let started = Instant::now();
        let mut seen = self.inputs.look();
        let mut grace = self.settle.saturating_mul(GRACE);
        if let Some(last) = &self.last
            && self.inputs.changed(&last.seen, &seen).is_none()
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
            let mut now = self.inputs.look();
            let mut changed = self.inputs.changed(&seen, &now);
            if changed.is_none() && failure.is_none() {
                let outcome = self.inputs.load();
                // The parser read the files once more: they must still be what was compared.
                now = self.inputs.look();
                changed = self.inputs.changed(&seen, &now);
                match outcome {
                    Ok(rotation) if changed.is_none() => {
                        self.last = Some(LastLoad {
                            seen,
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
                        return Err(Arc::new(problem.in_file(path)).into());
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

    /// Returns whether the same files may load at the next attempt.
    fn may_pass(&self, error: &MaterialError) -> bool {
        match error.problem() {
            MaterialProblem::ChangedWhileRead
            | MaterialProblem::Io { .. }
            | MaterialProblem::Passphrase { .. } => true,
            MaterialProblem::WrongPassphrase { .. } => {
                let passphrase = self.inputs.passphrase.as_ref();
                passphrase.is_some_and(Passphrase::may_change_unseen)
            }
            _ => false,
        }
    }
}
