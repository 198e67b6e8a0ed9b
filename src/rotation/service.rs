use core::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use pki_types::UnixTime;

use super::parts::{IsGiven, Parts};
use super::publish_checks;
use super::revision::{EPOCH, Made, Make, Revision};
use super::rotation::Rotation;
use super::settings::{OnSourceLost, RotationSettings, SelfTrust};
use super::source::SourceError;
use super::source::baseline::Given;
use super::source::reload_trigger::Reload;
use super::status::Status;
use super::status::channel::{Board, StatusWatch};
use super::status::warnings::{RevisionWarnings, tell_unclaimed_lists, unusable_anchors};
use crate::backend::{Event, SessionVerifier, SourceDeadline};
use crate::connection::Registry;
use crate::error::{BuildError, ReloadFailure};

/// What the clones of a client or server share: the revision that new handshakes run under, and the
/// way to the next.
pub(crate) struct Service<C> {
    /// Reading it never waits.
    current: ArcSwap<Revision<C>>,
    make: Make<C>,
    /// Held while the next revision is made, so that none is made of parts that another is about to
    /// replace.
    rotating: Mutex<()>,
    board: Arc<Board>,
    bell: Reload,
    self_trust: SelfTrust,
    on_source_lost: OnSourceLost,
    deadline: Arc<SourceDeadline>,
    /// What the source gave last.
    given: Mutex<Given>,
    live: Registry,
}

/// What a source gave, beside what changes.
struct Reloaded {
    given: Given,
    degraded: Option<String>,
}

/// What came of a rotation that was not refused.
enum Published<C> {
    /// With what to tell of it, and the one before, to be dropped where nothing is locked.
    Next(Arc<Revision<C>>, RevisionWarnings, Arc<Revision<C>>),
    Same(u64),
}

impl<C: Send + Sync + 'static> Service<C> {
    /// Publishes the first revision.
    pub(super) fn new(
        parts: Parts,
        make: Make<C>,
        settings: &RotationSettings,
        bell: Reload,
        deadline: Arc<SourceDeadline>,
    ) -> Result<Arc<Self>, BuildError> {
        let made = make(&parts)?;
        let now = moment(&made.verifier);
        let self_trust = settings.self_trust;
        let warnings = RevisionWarnings {
            anchors: publish_checks::check_anchors(
                (&parts, &made.verifier),
                None,
                made.verifier.now_unless_panicked(),
            )?,
            identity: made.warnings.clone(),
        };
        publish_checks::check_self_trust((&parts, &made.verifier), None, self_trust, now)?;
        warnings.tell(&made.verifier);
        let revision = revision(FIRST, parts, made, now);
        let live = Registry::new(settings.live, revision.verification_basis());
        let reloads = u64::from(settings.source.is_some());
        let service = Arc::new(Self {
            board: Arc::new(Board::new(Status {
                reloads,
                degraded: settings.degraded.clone().map(Into::into),
                ..revision.status()
            })),
            current: ArcSwap::from_pointee(revision),
            make,
            rotating: Mutex::new(()),
            bell,
            self_trust: settings.self_trust,
            on_source_lost: settings.on_source_lost,
            deadline,
            given: Mutex::new(settings.given.clone()),
            live,
        });
        service.heard();
        Ok(service)
    }

    /// Tells the observer of revocation lists that no trust anchor and no known CA signed.
    pub(super) fn tell_unclaimed_lists(&self) {
        tell_unclaimed_lists(&self.load().verifier);
    }

    /// Makes the next revision and publishes it, or leaves everything as it is.
    pub(crate) fn rotate(&self, rotation: Rotation) -> Result<u64, BuildError> {
        self.rotated(rotation, None)
    }

    fn rotated(&self, rotation: Rotation, reload: Option<Reloaded>) -> Result<u64, BuildError> {
        let (next, warnings, previous) = match self.publish(rotation, reload)? {
            Published::Next(next, warnings, previous) => (next, warnings, previous),
            Published::Same(number) => return Ok(number),
        };
        // Not under the lock: an observer may want to rotate as well.
        warnings.tell(&next.verifier);
        next.verifier.tell(&Event::Rotated {
            revision: next.number,
        });
        let is_same =
            |a: &Parts, b: &Parts| a.trust == b.trust && a.revocation_lists == b.revocation_lists;
        if !is_same(&previous.parts, &next.parts) {
            tell_unclaimed_lists(&next.verifier);
        }
        Ok(next.number)
    }

    fn publish(
        &self,
        rotation: Rotation,
        reload: Option<Reloaded>,
    ) -> Result<Published<C>, BuildError> {
        let rotating = self.rotating.lock();
        let _rotating = rotating.unwrap_or_else(PoisonError::into_inner);
        let previous = self.load();
        let (given, is_given) = match &reload {
            Some(reload) => (reload.given.clone(), IsGiven::BySource),
            None => (self.given().clone(), IsGiven::ByHand),
        };
        let Some(parts) = previous.parts.changed_by(rotation, &given, is_given) else {
            let mut former = None;
            if let Some(reload) = reload {
                self.board.note(|status| {
                    let before = (status.last_failure.is_some(), status.degraded.clone());
                    former = Some(self.recover(reload, status));
                    before != (false, status.degraded.clone())
                });
            }
            return Ok(Published::Same(previous.number));
        };
        let mut made = (self.make)(&parts)?;
        // By a clock that cannot tell the time nothing can be seen to be valid, or to be newer.
        let Some(now) = made.verifier.now_unless_panicked() else {
            return Err(BuildError::InvalidSetting {
                setting: "clock",
                problem: "it panicked".to_owned(),
            });
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
        };
        let number = previous.number.saturating_add(1);
        let next = Arc::new(revision(number, parts, made, now));
        let status = next.status();
        let mut former = None;
        self.board.change(|board| {
            // Together: nobody who has shaken hands under a revision reads a status from before it.
            self.current.store(Arc::clone(&next));
            self.live.revised(next.verification_basis());
            *board = Status {
                last_failure: board.last_failure.take(),
                degraded: board.degraded.take(),
                rotations: board.rotations.saturating_add(1),
                reloads: board.reloads,
                failures: board.failures,
                ..status
            };
            if let Some(reload) = reload {
                former = Some(self.recover(reload, board));
            }
        });
        Ok(Published::Next(next, warnings, previous))
    }

    /// Takes what a source gave, or failed to give. Whether it was good.
    pub(super) fn reloaded(&self, given: Result<Rotation, SourceError>) -> bool {
        let rotation = match given {
            Ok(rotation) => rotation,
            Err(error) => {
                self.failed(None, error);
                return false;
            }
        };
        let origin = rotation.origin.clone();
        let reload = Reloaded {
            given: self.given().and(&rotation),
            degraded: rotation.degraded.clone(),
        };
        let news = self.given().news(rotation);
        match self.rotated(news, Some(reload)) {
            Ok(_) => {
                self.heard();
                true
            }
            Err(error) => {
                self.failed(origin, error.into());
                false
            }
        }
    }

    /// What a source has given was taken: it is known, and whatever was wrong with the source is
    /// over. Hands back what was known before, in which there may be things of the user's, to be
    /// dropped where nothing is locked.
    fn recover(&self, reload: Reloaded, status: &mut Status) -> Given {
        status.reloads = status.reloads.saturating_add(1);
        status.last_failure = None;
        status.degraded = reload.degraded.map(Into::into);
        core::mem::replace(&mut *self.given(), reload.given)
    }

    fn given(&self) -> MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, origin: Option<String>, error: SourceError) {
        let verifier = Arc::clone(&self.load().verifier);
        let last = self.board.status().last_failure;
        let failure = Arc::new(ReloadFailure {
            at: moment(&verifier),
            in_a_row: last.map_or(1, |last| last.in_a_row.saturating_add(1)),
            origin,
            error,
        });
        let told = Arc::clone(&failure);
        self.board.change(|status| {
            status.failures = status.failures.saturating_add(1);
            status.last_failure = Some(told);
        });
        verifier.tell(&Event::ReloadFailed(&failure));
    }

    /// Something good has come from the source.
    fn heard(&self) {
        match self.on_source_lost {
            OnSourceLost::KeepServing => {}
            OnSourceLost::RefuseAfter(silence) => self.deadline.extend(silence),
        }
    }
}

impl<C> Service<C> {
    pub(crate) fn load(&self) -> Arc<Revision<C>> {
        self.current.load_full()
    }

    pub(crate) fn status(&self) -> Status {
        let verifier = &self.load().verifier;
        Status {
            unclaimed_lists: verifier.unclaimed_lists().into(),
            unusable_anchors: unusable_anchors(verifier),
            ..self.board.status()
        }
    }

    pub(crate) fn status_changes(&self) -> StatusWatch {
        StatusWatch::new(&self.board)
    }

    /// Has the source asked again, if there is one.
    pub(crate) fn reload(&self) {
        self.bell.now();
    }

    /// The connections that are open.
    pub(crate) fn live(&self) -> &Registry {
        &self.live
    }

    pub(super) fn bell(&self) -> &Reload {
        &self.bell
    }
}

impl<C> Drop for Service<C> {
    fn drop(&mut self) {
        self.bell.end();
        self.board.end();
    }
}

impl<C> fmt::Debug for Service<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Service")
            .field(&self.current.load())
            .finish()
    }
}

/// The number of the first revision.
const FIRST: u64 = 1;

fn moment(verifier: &SessionVerifier) -> UnixTime {
    verifier.now_unless_panicked().unwrap_or(EPOCH)
}

fn revision<C>(number: u64, parts: Parts, made: Made<C>, now: UnixTime) -> Revision<C> {
    Revision {
        number,
        config: made.config,
        verifier: made.verifier,
        crypto: made.crypto,
        expiries: parts.expiries(),
        parts,
        loaded_at: now,
    }
}
