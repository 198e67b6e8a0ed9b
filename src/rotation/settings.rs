use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use super::source::Source;
use super::source::baseline::SourceBaseline;
use crate::connection::LiveConnections;
use crate::error::BuildError;

/// What becomes of handshakes when our own certificate has expired. Whether or not they go on, peers that judge as we do
/// refuse us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnExpiry {
    /// They go on, with the expired certificate: the peers decide. Initially so, since a clock that is wrong would take the
    /// service down otherwise, and a peer's clock is the one that counts.
    #[default]
    KeepServing,
    /// Every peer is refused, for [`NotServing`](crate::RejectionReason::NotServing), on `config()` as well, until a
    /// rotation brings an identity that is valid.
    Reject,
}

/// What becomes of handshakes when the [`Source`] gives nothing that is good any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnSourceLost {
    /// They go on under the last good revision for as long as it lasts. Initially so.
    #[default]
    KeepServing,
    /// Every peer is refused, for [`NotServing`](crate::RejectionReason::NotServing), on `config()` as well, when the
    /// source has given nothing good for longer than this, and until it does again. For those whose word about who is
    /// trusted must not grow old. It is to be longer than [`poll_interval`](crate::ClientBuilder::poll_interval), by some
    /// attempts.
    RejectAfter(Duration),
}

/// Whether our own trust anchors have to vouch for our own identity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SelfTrust {
    /// A rotation that would end it is refused: where our anchors vouch for our identity now, those of the next revision
    /// have to vouch for its identity. Initially so. Where both ends trust the same CAs, as in a mesh, it keeps an identity
    /// of a CA that the peers may not know yet, or the anchors of another environment, from being served.
    ///
    /// An anchor that has expired vouches for nobody, so there is nothing to keep then.
    ///
    /// To drop a CA that still vouches for us, change both in one rotation.
    #[default]
    Preserve,
    /// As `Preserve`, and from the first revision on.
    Require,
    /// Whom we trust has nothing to do with who vouches for us.
    Skip,
}

/// A source that one client or server can take; clones of a builder share it.
#[derive(Clone)]
pub(crate) struct SourceSlot(Arc<Mutex<Option<Box<dyn Source>>>>);

impl SourceSlot {
    pub(crate) fn new(source: impl Source) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::new(source)))))
    }

    /// # Errors
    /// [`BuildError::SourceTaken`] where a clone of the builder was built before.
    pub(crate) fn take(&self) -> Result<Box<dyn Source>, BuildError> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.take().ok_or(BuildError::SourceTaken)
    }
}

/// How a client or server is rotated.
#[derive(Clone)]
pub(crate) struct RotationSettings {
    pub(crate) source: Option<SourceSlot>,
    /// What the source gave to begin with.
    pub(crate) given: SourceBaseline,
    /// What is wrong with it, by its own word.
    pub(crate) degraded: Option<String>,
    pub(crate) poll_interval: Duration,
    pub(crate) on_source_lost: OnSourceLost,
    pub(crate) self_trust: SelfTrust,
    /// `None` where nobody said: then there are warnings if there is a source.
    pub(crate) warn_before: Option<Vec<Duration>>,
    pub(crate) live: LiveConnections,
}

/// How often a source is asked unless a builder says otherwise.
const RELOAD_EVERY: Duration = Duration::from_secs(10);

impl RotationSettings {
    pub(crate) fn new() -> Self {
        Self {
            source: None,
            given: SourceBaseline::default(),
            degraded: None,
            poll_interval: RELOAD_EVERY,
            on_source_lost: OnSourceLost::default(),
            self_trust: SelfTrust::default(),
            warn_before: None,
            live: LiveConnections::default(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), BuildError> {
        let refuse = |setting, problem: &str| {
            Err(BuildError::InvalidSetting {
                setting,
                problem: problem.to_owned(),
            })
        };
        if self.poll_interval.is_zero() {
            return refuse("poll_interval", "it has to be more than zero");
        }
        match self.on_source_lost {
            OnSourceLost::KeepServing => Ok(()),
            OnSourceLost::RejectAfter(_) if self.source.is_none() => refuse(
                "on_source_lost",
                "there is no source that could be lost; call `.source(..)`",
            ),
            OnSourceLost::RejectAfter(silence) if silence <= self.poll_interval => refuse(
                "on_source_lost",
                "`RejectAfter` has to be longer than `poll_interval`, or every pause between two looks would be a loss",
            ),
            OnSourceLost::RejectAfter(_) => Ok(()),
        }
    }
}
