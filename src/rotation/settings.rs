use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use super::source::Source;
use super::source::baseline::SourceBaseline;
use crate::connection::LiveConnections;
use crate::error::SettingProblem;
use crate::policy::BuildError;

/// What happens to handshakes when our own certificate has expired.
///
/// In either case, peers that verify dates reject us.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let builder = pki::server_builder();
/// use mtls::rotation::OnExpiry;
/// let server = builder.on_expiry(OnExpiry::Reject).build(mtls::Rustls::default())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnExpiry {
    /// They go on with the expired certificate, and the peers decide. The default: a wrong
    /// clock would otherwise stop the service, and the peer's clock is the one that counts.
    #[default]
    KeepServing,
    /// Every peer is rejected for [`NotServing`](crate::RejectionReason::NotServing) until a
    /// rotation brings a valid identity. This also holds on `config()`.
    Reject,
}

/// What happens to handshakes when the [`Source`] keeps failing.
///
/// ```
/// # fn f(builder: mtls::ServerBuilder, source: impl mtls::Source) {
/// use mtls::rotation::OnSourceLost;
/// use std::time::Duration;
///
/// let limit = OnSourceLost::RejectAfter(Duration::from_secs(3600));
/// let builder = builder.source(source).on_source_lost(limit);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnSourceLost {
    /// They go on under the last good revision as long as it lasts. The default.
    #[default]
    KeepServing,
    /// Every peer is rejected for [`NotServing`](crate::RejectionReason::NotServing) when the
    /// source has not succeeded for longer than this, until it succeeds again. This also holds on
    /// `config()`.
    ///
    /// For services whose trust must not grow old. The time must be longer than
    /// [`poll_interval`](crate::ClientBuilder::poll_interval), and should allow several attempts.
    RejectAfter(Duration),
}

/// What happens to handshakes when the [`Source`] answers that our identity was withdrawn.
///
/// The source returns a [`Withdrawal`](crate::error::Withdrawal) then. A source that fails or
/// cannot be reached withdraws nothing: that is [`OnSourceLost`].
///
/// ```
/// # fn f(builder: mtls::ServerBuilder, source: impl mtls::Source) {
/// use mtls::rotation::OnWithdrawal;
/// let builder = builder.source(source).on_withdrawal(OnWithdrawal::KeepServing);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnWithdrawal {
    /// They go on under the last good revision as long as it lasts.
    KeepServing,
    /// Every peer is rejected for [`NotServing`](crate::RejectionReason::NotServing) until what the
    /// source gives is accepted again, also if the source fails in another way in between. This
    /// also holds on `config()`. Open connections go on. The default.
    #[default]
    Reject,
}

/// Whether our own trust anchors must prove our own identity.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let builder = pki::server_builder();
/// use mtls::rotation::SelfTrust;
/// let server = builder.self_trust(SelfTrust::Require).build(mtls::Rustls::default())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SelfTrust {
    /// A rotation that would end it is rejected: if our anchors prove our identity now, those
    /// of the next revision must prove its identity. The default.
    ///
    /// Where both sides trust the same CAs, as in a mesh, this prevents serving an identity of a CA
    /// that the peers may not know yet, or the anchors of another environment.
    ///
    /// An expired anchor does not prove an identity, so there is nothing to preserve then. To
    /// drop a CA that still proves our identity, change both in one rotation.
    #[default]
    Preserve,
    /// As `Preserve`, and already for the first revision.
    Require,
    /// Our trust anchors and our identity are independent of each other.
    Skip,
}

/// What happens at `build` when our own certificate has expired or is not valid yet.
///
/// A rotation to such an identity is always rejected
/// ([`IdentityNotValid`](crate::error::RotationError::IdentityNotValid)).
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let builder = pki::server_builder();
/// use mtls::rotation::SelfValidity;
/// let server = builder.self_validity(SelfValidity::Require).build(mtls::Rustls::default())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SelfValidity {
    /// `build` succeeds. The observer receives an
    /// [`IdentityWarning`](crate::Event::IdentityWarning), and
    /// [`Status::identity_not_valid`](crate::Status::identity_not_valid) shows it. The default: a
    /// wrong clock would otherwise keep the service from starting.
    #[default]
    Warn,
    /// `build` returns [`BuildError::IdentityNotValid`].
    Require,
}

/// A source that one client or server can use; clones of a builder share it.
#[derive(Clone)]
pub(crate) struct SourceSlot(Arc<Mutex<Option<Box<dyn Source>>>>);

impl SourceSlot {
    pub(crate) fn new(source: impl Source) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::new(source)))))
    }

    /// Takes the source out.
    ///
    /// # Errors
    /// [`BuildError::SourceTaken`] if an earlier build of this builder has taken it, also one that
    /// failed.
    pub(crate) fn take(&self) -> Result<Box<dyn Source>, BuildError> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.take().ok_or(BuildError::SourceTaken)
    }
}

/// The settings of the rotation of a client or server.
#[derive(Clone)]
pub(crate) struct RotationSettings {
    pub(crate) source: Option<SourceSlot>,
    /// What the source gave at `build`.
    pub(crate) given: SourceBaseline,
    /// Why the source works in a degraded way, by its own report.
    pub(crate) degraded: Option<String>,
    pub(crate) poll_interval: Duration,
    /// How long `build` waits for the first rotation; `None` if it polls once.
    pub(crate) wait_for_first: Option<Duration>,
    pub(crate) on_source_lost: OnSourceLost,
    pub(crate) on_withdrawal: OnWithdrawal,
    pub(crate) self_trust: SelfTrust,
    pub(crate) self_validity: SelfValidity,
    /// `None` if not set: then there are warnings if there is a source.
    pub(crate) warn_before: Option<Vec<Duration>>,
    pub(crate) live: LiveConnections,
    /// How long a retired connection may take to end; `None` if connections are not retired.
    pub(crate) retires_within: Option<Duration>,
}

/// The poll interval, if none is set.
const RELOAD_EVERY: Duration = Duration::from_secs(10);

impl RotationSettings {
    pub(crate) fn new() -> Self {
        Self {
            source: None,
            given: SourceBaseline::default(),
            degraded: None,
            poll_interval: RELOAD_EVERY,
            wait_for_first: None,
            on_source_lost: OnSourceLost::default(),
            on_withdrawal: OnWithdrawal::default(),
            self_trust: SelfTrust::default(),
            self_validity: SelfValidity::default(),
            warn_before: None,
            live: LiveConnections::default(),
            retires_within: None,
        }
    }

    pub(crate) fn check(&self) -> Result<(), BuildError> {
        let reject = |setting, problem| Err(BuildError::InvalidSetting { setting, problem });
        if self.poll_interval.is_zero() {
            return reject("poll_interval", SettingProblem::ZeroPollInterval);
        }
        if self.wait_for_first.is_some() && self.source.is_none() {
            return reject("wait_for_first", SettingProblem::NothingToWaitFor);
        }
        match self.on_source_lost {
            OnSourceLost::KeepServing => Ok(()),
            OnSourceLost::RejectAfter(_) if self.source.is_none() => {
                reject("on_source_lost", SettingProblem::NoSource)
            }
            OnSourceLost::RejectAfter(silence) if silence <= self.poll_interval => reject(
                "on_source_lost",
                SettingProblem::RejectAfterTooShort {
                    reject_after: silence,
                    poll_interval: self.poll_interval,
                },
            ),
            OnSourceLost::RejectAfter(_) => Ok(()),
        }
    }
}
