use core::time::Duration;
use std::sync::Arc;

use super::verification_subject::{VerificationBasis, VerificationSubject};

/// The next step of the thread.
pub(crate) enum NextStep<C> {
    /// Close these connections: they were retired, and their time is over.
    Close(Vec<Arc<C>>),
    /// Retire these connections, for the revision of this number.
    Retire(Vec<Arc<C>>, u64),
    /// Verify these subjects by this revision.
    Verify(Vec<Arc<VerificationSubject>>, Arc<VerificationBasis>),
    /// Read the clock.
    Look(Arc<VerificationBasis>),
    /// End: no connection is left, and none will come.
    Over,
    /// Wait for this long; without a limit if there is no connection.
    Wait(Option<Duration>),
}
