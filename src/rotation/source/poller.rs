//! The thread that polls the source, and warns before expiries.

use core::time::Duration;
use std::sync::{Arc, Weak};
use std::thread;

use super::reload_outcome::ReloadOutcome;
use super::reload_trigger::{ReloadTrigger, WakeReason};
use super::{Source, SourceError};
use crate::connection::catch_panic;
use crate::policy::BuildError;
use crate::rotation::rotation::Rotation;
use crate::rotation::service::Service;
use crate::rotation::settings::RotationSettings;
use crate::rotation::status::expiry::ExpiryWarnings;

/// The first pause after a failure; it doubles with each failure, up to the poll interval.
pub(crate) const FIRST_RETRY: Duration = Duration::from_millis(500);
/// The shortest time between two polls, however often the trigger is called.
pub(crate) const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
/// Enough stack to read and parse what a source gives; sources that need more use their own
/// threads.
const STACK_BYTES: usize = 2 << 20;

/// Starts the thread if there is a source, or expiry warnings are set. It ends with the service.
pub(crate) fn start<C: Send + Sync + 'static>(
    service: &Arc<Service<C>>,
    source: Option<Box<dyn Source>>,
    settings: RotationSettings,
) -> Result<(), BuildError> {
    let is_asked_to_warn = settings.warn_before.is_some();
    if source.is_none() && !is_asked_to_warn {
        return Ok(());
    }
    let poller_thread = SourcePoller {
        service: Arc::downgrade(service),
        trigger: service.trigger().clone(),
        source,
        poll_interval: settings.poll_interval,
        warnings: ExpiryWarnings::new(settings.warn_before),
    };
    let thread = thread::Builder::new()
        .name("mtls-rotation".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(|| poller_thread.run());
    match thread {
        Ok(_) => Ok(()),
        Err(error) => Err(BuildError::Thread(error)),
    }
}

/// Polls a source once. A panic counts as a failure.
pub(crate) fn ask(
    source: &mut dyn Source,
    trigger: &ReloadTrigger,
) -> Result<Rotation, SourceError> {
    catch_panic(|| source.load(trigger)).unwrap_or_else(|| {
        Err("the source panicked; what it said stands where this process writes its panics".into())
    })
}

struct SourcePoller<C> {
    /// Weak: the thread must not keep the service alive.
    service: Weak<Service<C>>,
    trigger: ReloadTrigger,
    source: Option<Box<dyn Source>>,
    poll_interval: Duration,
    warnings: ExpiryWarnings,
}

impl<C: Send + Sync + 'static> SourcePoller<C> {
    fn run(mut self) {
        let mut until_asked = self.poll_interval;
        let mut retry = FIRST_RETRY;
        loop {
            match self.service.upgrade() {
                None => return,
                Some(service) => {
                    catch_panic(|| self.warnings.report(&service.load()));
                }
            }
            let pause = until_asked.min(self.warnings.next_look());
            match self.trigger.wait(pause) {
                WakeReason::Over => return,
                WakeReason::Triggered => {}
                WakeReason::TimedOut => {
                    until_asked = until_asked.saturating_sub(pause);
                    if !until_asked.is_zero() {
                        continue;
                    }
                }
            }
            let Some(outcome) = self.ask() else { return };
            // Limits how often triggers poll the source.
            if self.trigger.rest(SHORTEST_PAUSE) == WakeReason::Over {
                return;
            }
            let next_retry = retry.saturating_mul(2).min(self.poll_interval);
            let pause = retry.min(self.poll_interval);
            (until_asked, retry) = match outcome {
                ReloadOutcome::Accepted => (self.poll_interval, FIRST_RETRY),
                // A renewed identity serves from its first second, whatever the back-off.
                ReloadOutcome::BeginsIn(left) => (pause.min(left), next_retry),
                ReloadOutcome::Failed => (pause, next_retry),
            };
        }
    }

    /// Polls the source and publishes what it gives; `None` if the service is gone.
    fn ask(&mut self) -> Option<ReloadOutcome> {
        let Some(source) = &mut self.source else {
            return Some(ReloadOutcome::Accepted);
        };
        // The service is not held here: the source may take long, and the service may be dropped in
        // that time.
        let given = ask(&mut **source, &self.trigger);
        let service = self.service.upgrade()?;
        // A panic here comes from a destructor of the user, in the revision that is replaced.
        Some(catch_panic(|| service.reloaded(given)).unwrap_or(ReloadOutcome::Failed))
    }
}
