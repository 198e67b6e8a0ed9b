use core::time::Duration;

use super::source::Source;
use super::source::baseline::Given;
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
    /// Every peer is refused, for [`OutOfService`](crate::RejectionReason::OutOfService), on `config()` as well, until a
    /// rotation brings an identity that is valid.
    Refuse,
}

/// What becomes of handshakes when the [`Source`] gives nothing that is good any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnSourceLost {
    /// They go on under the last good revision for as long as it lasts. Initially so.
    #[default]
    KeepServing,
    /// Every peer is refused, for [`OutOfService`](crate::RejectionReason::OutOfService), on `config()` as well, when the
    /// source has given nothing good for longer than this, and until it does again. For those whose word about who is
    /// trusted must not grow old. It is to be longer than [`reload_every`](crate::ClientBuilder::reload_every), by some
    /// attempts.
    RefuseAfter(Duration),
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
    Kept,
    /// As `Kept`, and from the first revision on.
    Required,
    /// Whom we trust has nothing to do with who vouches for us.
    Unchecked,
}

/// How a client or server is rotated.
pub(crate) struct RotationSettings {
    pub(crate) source: Option<Box<dyn Source>>,
    /// What the source gave to begin with.
    pub(crate) given: Given,
    /// What is wrong with it, by its own word.
    pub(crate) degraded: Option<String>,
    pub(crate) reload_every: Duration,
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
            given: Given::default(),
            degraded: None,
            reload_every: RELOAD_EVERY,
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
        if self.reload_every.is_zero() {
            return refuse("reload_every", "it has to be more than zero");
        }
        match self.on_source_lost {
            OnSourceLost::KeepServing => Ok(()),
            OnSourceLost::RefuseAfter(_) if self.source.is_none() => refuse(
                "on_source_lost",
                "there is no source that could be lost; call `.source(..)`",
            ),
            OnSourceLost::RefuseAfter(silence) if silence <= self.reload_every => refuse(
                "on_source_lost",
                "`RefuseAfter` has to be longer than `reload_every`, or every pause between two looks would be a loss",
            ),
            OnSourceLost::RefuseAfter(_) => Ok(()),
        }
    }
}
