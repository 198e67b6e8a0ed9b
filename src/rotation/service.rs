use core::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::RotationError;
use super::parts::{RevisionParts, RotationOrigin};
use super::publish_checks;
use super::revision::{ConfigFactory, FIRST, Revision, moment};
use super::rotation::Rotation;
use super::settings::{OnSourceLost, RotationSettings, SelfTrust};
use super::source::SourceError;
use super::source::baseline::SourceBaseline;
use super::source::reload_outcome::ReloadOutcome;
use super::source::reload_trigger::ReloadTrigger;
use super::status::Status;
use super::status::channel::{StatusChanges, StatusChannel};
use super::status::warnings::{RevisionWarnings, report_unclaimed_lists};
use crate::backend::{Event, SourceDeadline};
use crate::connection::Registry;
use crate::current::Current;
use crate::error::{ReloadFailure, SettingProblem};
use crate::policy::BuildError;

/// The state that the clones of a client or server share: the current revision, and how the next
/// one is made.
pub(crate) struct Service<C> {
    /// Readers wait for no more than the replacement of a pointer.
    current: Current<Revision<C>>,
    make: ConfigFactory<C>,
    /// Held while the next revision is made, so that no other rotation replaces its parts.
    rotating: Mutex<()>,
    channel: Arc<StatusChannel>,
    trigger: ReloadTrigger,
    self_trust: SelfTrust,
    on_source_lost: OnSourceLost,
    deadline: Arc<SourceDeadline>,
    /// The parts that the source gave last.
    given: Mutex<SourceBaseline>,
    live: Registry,
}

/// The state of the source that a reload brings, beside the changed parts.
struct ReloadContext {
    given: SourceBaseline,
    degraded: Option<String>,
}

/// The outcome of a rotation that was accepted.
enum PublishOutcome<C> {
    /// The new revision, its warnings, and the previous one, to be dropped outside the locks.
    Next(Arc<Revision<C>>, RevisionWarnings, Arc<Revision<C>>),
    Same(u64),
}

impl<C: Send + Sync + 'static> Service<C> {
    /// Publishes the first revision.
    pub(super) fn new(
        parts: RevisionParts,
        make: ConfigFactory<C>,
        settings: &RotationSettings,
        trigger: ReloadTrigger,
        deadline: Arc<SourceDeadline>,
    ) -> Result<Arc<Self>, BuildError> {
        let made = make(&parts, None)?;
        let now = moment(&made.verifier);
        let outside = made.verifier.now_unless_panicked();
        let outside = outside.and_then(|now| parts.outside_validity(now));
        let self_trust = settings.self_trust;
        let warnings = RevisionWarnings {
            anchors: publish_checks::check_anchors(
                (&parts, &made.verifier),
                None,
                made.verifier.now_unless_panicked(),
            )?,
            identity: made.warnings.iter().cloned().chain(outside).collect(),
            relaxed: parts.policy.relaxed_rules().collect(),
        };
        publish_checks::check_self_trust((&parts, &made.verifier), None, self_trust, now)?;
        warnings.report(&made.verifier);
        let revision = Revision::new(FIRST, FIRST, parts, made, now);
        revision.show();
        let live = Registry::new(
            settings.live,
            settings.retires_within,
            revision.verification_basis(),
        );
        let reloads = u64::from(settings.source.is_some());
        if settings.source.is_some() {
            revision.verifier.count_reload(settings.degraded.is_some());
        }
        let service = Arc::new(Self {
            channel: Arc::new(StatusChannel::new(Status {
                reloads,
                degraded: settings.degraded.clone().map(Into::into),
                ..revision.status()
            })),
            current: Current::new(revision),
            make,
            rotating: Mutex::new(()),
            trigger,
            self_trust: settings.self_trust,
            on_source_lost: settings.on_source_lost,
            deadline,
            given: Mutex::new(settings.given.clone()),
            live,
        });
        service.extend_deadline();
        Ok(service)
    }

    /// Sends the observer an event for each revocation list that no trust anchor or known CA has
    /// signed.
    pub(super) fn report_unclaimed_lists(&self) {
        report_unclaimed_lists(&self.load().verifier);
    }

    /// Makes the next revision and publishes it, or changes nothing.
    pub(crate) fn rotate(&self, rotation: Rotation) -> Result<u64, RotationError> {
        self.rotated(rotation, None)
    }

    fn rotated(
        &self,
        rotation: Rotation,
        reload: Option<ReloadContext>,
    ) -> Result<u64, RotationError> {
        let (next, warnings, previous) = match self.publish(rotation, reload)? {
            PublishOutcome::Next(next, warnings, previous) => (next, warnings, previous),
            PublishOutcome::Same(number) => return Ok(number),
        };
        // Outside the lock: an observer may call `rotate`.
        next.show();
        warnings.report(&next.verifier);
        next.verifier.notify(&Event::Rotated {
            revision: next.number,
        });
        let is_same = |a: &RevisionParts, b: &RevisionParts| {
            a.trust == b.trust && a.revocation_lists == b.revocation_lists
        };
        if !is_same(&previous.parts, &next.parts) {
            report_unclaimed_lists(&next.verifier);
        }
        Ok(next.number)
    }

    fn publish(
        &self,
        rotation: Rotation,
        reload: Option<ReloadContext>,
    ) -> Result<PublishOutcome<C>, RotationError> {
        let rotating = self.rotating.lock();
        let _rotating = rotating.unwrap_or_else(PoisonError::into_inner);
        let previous = self.load();
        let (given, is_given) = match &reload {
            Some(reload) => (reload.given.clone(), RotationOrigin::BySource),
            None => (self.given().clone(), RotationOrigin::ByHand),
        };
        let Some(parts) = previous.parts.changed_by(rotation, &given, is_given) else {
            let mut former = None;
            if let Some(reload) = reload {
                self.channel.note(|status| {
                    let before = (status.last_failure.is_some(), status.degraded.clone());
                    former = Some(self.recover(reload, status));
                    before != (false, status.degraded.clone())
                });
            }
            return Ok(PublishOutcome::Same(previous.number));
        };
        let mut made = (self.make)(&parts, Some(&previous.verifier))?;
        // A clock that fails shows neither whether something is valid nor whether it is newer.
        let Some(now) = made.verifier.now_unless_panicked() else {
            let error = BuildError::InvalidSetting {
                setting: "clock",
                problem: SettingProblem::ClockPanicked,
            };
            return Err(error.into());
        };
        let anchors = publish_checks::check_anchors(
            (&parts, &made.verifier),
            Some(&previous.parts),
            Some(now),
        )?;
        publish_checks::check_next(&parts, &made, &previous, now)?;
        publish_checks::check_self_trust(
            (&parts, &made.verifier),
            Some((&previous.parts, &previous.verifier)),
            self.self_trust,
            now,
        )?;
        let warnings = RevisionWarnings {
            identity: if previous.parts.identity.is_same_as(&parts.identity) {
                Vec::new()
            } else {
                core::mem::take(&mut made.warnings)
            },
            anchors,
            relaxed: parts.relaxed_since(&previous.parts),
        };
        let number = previous.number.saturating_add(1);
        let is_changed = !previous.parts.identity.is_same_as(&parts.identity)
            || previous.parts.trust != parts.trust;
        let changed_at = if is_changed {
            number
        } else {
            previous.changed_at
        };
        let next = Arc::new(Revision::new(number, changed_at, parts, made, now));
        let status = next.status();
        let mut former = None;
        self.channel.change(|channel| {
            // In one step: after a handshake under a revision, no reader sees a status from before
            // it.
            self.current.store(Arc::clone(&next));
            self.live
                .revised(next.verification_basis(), next.changed_at == next.number);
            *channel = Status {
                last_failure: channel.last_failure.take(),
                degraded: channel.degraded.take(),
                is_withdrawn: channel.is_withdrawn,
                rotations: channel.rotations.saturating_add(1),
                reloads: channel.reloads,
                failures: channel.failures,
                ..status
            };
            if let Some(reload) = reload {
                former = Some(self.recover(reload, channel));
            }
        });
        Ok(PublishOutcome::Next(next, warnings, previous))
    }

    /// Publishes what a source gave, or records its failure.
    pub(super) fn reloaded(&self, given: Result<Rotation, SourceError>) -> ReloadOutcome {
        let rotation = match given {
            Ok(rotation) => rotation,
            Err(error) => {
                self.failed(None, error);
                return ReloadOutcome::Failed;
            }
        };
        let origin = rotation.origin.clone();
        let reload = ReloadContext {
            given: self.given().and(&rotation),
            degraded: rotation.degraded.clone(),
        };
        let changes = self.given().changes_in(rotation);
        match self.rotated(changes, Some(reload)) {
            Ok(_) => {
                self.extend_deadline();
                let is_degraded = self.channel.status().degraded.is_some();
                self.load().verifier.count_reload(is_degraded);
                ReloadOutcome::Accepted
            }
            Err(error) => {
                let outcome = ReloadOutcome::of(&error);
                self.failed(origin, error.into());
                outcome
            }
        }
    }

    /// Records that the result of the source was accepted: it is the new baseline, and the failure
    /// before is over. Returns the former baseline, which may hold the user's values, to be dropped
    /// outside the locks.
    fn recover(&self, reload: ReloadContext, status: &mut Status) -> SourceBaseline {
        status.reloads = status.reloads.saturating_add(1);
        status.last_failure = None;
        status.is_withdrawn = false;
        self.deadline.withdraw(false);
        status.degraded = reload.degraded.map(Into::into);
        core::mem::replace(&mut *self.given(), reload.given)
    }

    fn given(&self) -> MutexGuard<'_, SourceBaseline> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, origin: Option<String>, error: SourceError) {
        let verifier = Arc::clone(&self.load().verifier);
        let last = self.channel.status().last_failure;
        let failure = Arc::new(ReloadFailure {
            occurred_at: moment(&verifier),
            consecutive: last.map_or(1, |last| last.consecutive.saturating_add(1)),
            origin,
            error,
        });
        let reported = Arc::clone(&failure);
        self.channel.change(|status| {
            // What was withdrawn stays so if the source fails in another way after it.
            status.is_withdrawn |= reported.is_withdrawal();
            self.deadline.withdraw(status.is_withdrawn);
            status.failures = status.failures.saturating_add(1);
            status.last_failure = Some(reported);
        });
        verifier.notify(&Event::ReloadFailed(&failure));
    }

    /// Records that the source succeeded.
    fn extend_deadline(&self) {
        match self.on_source_lost {
            OnSourceLost::KeepServing => {}
            OnSourceLost::RejectAfter(silence) => self.deadline.extend(silence),
        }
    }
}

impl<C> Service<C> {
    pub(crate) fn load(&self) -> Arc<Revision<C>> {
        self.current.load()
    }

    pub(crate) fn status(&self) -> Status {
        self.load().status_now(self.channel.status())
    }

    pub(crate) fn status_changes(&self) -> StatusChanges {
        StatusChanges::new(&self.channel)
    }

    /// Triggers a poll of the source, if there is one.
    pub(crate) fn reload(&self) {
        self.trigger.now();
    }

    /// The registry of open connections.
    pub(crate) fn live(&self) -> &Registry {
        &self.live
    }

    pub(super) fn trigger(&self) -> &ReloadTrigger {
        &self.trigger
    }
}

impl<C> Drop for Service<C> {
    fn drop(&mut self) {
        self.trigger.end();
        self.channel.end();
    }
}

impl<C> fmt::Debug for Service<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Service").field(&self.current).finish()
    }
}
