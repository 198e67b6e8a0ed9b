use core::time::Duration;

use crate::rotation::error::RotationError;

/// The outcome of one poll of the source.
pub(crate) enum ReloadOutcome {
    Accepted,
    /// The identity is not valid before this time has passed.
    BeginsIn(Duration),
    Failed,
}

impl ReloadOutcome {
    pub(crate) fn of(error: &RotationError) -> Self {
        match error {
            RotationError::IdentityNotValid { not_before, at, .. } if at < not_before => {
                let seconds = not_before.as_secs().saturating_sub(at.as_secs());
                Self::BeginsIn(Duration::from_secs(seconds))
            }
            _ => Self::Failed,
        }
    }
}
