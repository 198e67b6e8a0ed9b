//! The settings as the builder's caller gave them.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use pki_types::UnixTime;

use super::first_rotation::first_of;
use super::static_settings::{StaticSettings, check_name};
use crate::backend::{Clock, EventSink, Observer, ProtocolVersion, Resumption, SourceDeadline};
use crate::connection::{ListenerSettings, catch_panic};
use crate::error::SettingProblem;
use crate::material::{KeyPermissions, MtlsIdentity, RevocationLists};
use crate::policy::{BuildError, SignatureMemo, Trust, VerifierPolicy};
use crate::rotation::{
    OnExpiry, OnWithdrawal, ReloadTrigger, RevisionParts, Rotation, RotationSettings, SelfValidity,
    Source, SourceBaseline, ask,
};

/// The handshake timeout, if none is set.
const DEFAULT_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The settings as given, not yet checked.
#[derive(Clone)]
pub(crate) struct BuilderSettings {
    pub(crate) identity: Option<MtlsIdentity>,
    pub(crate) key_permissions: KeyPermissions,
    pub(crate) trust: Option<Trust>,
    pub(crate) revocation_lists: Option<RevocationLists>,
    pub(crate) policy: Option<VerifierPolicy>,
    pub(crate) shadow: Option<VerifierPolicy>,
    pub(crate) alpn: Vec<Vec<u8>>,
    pub(crate) versions: Vec<ProtocolVersion>,
    pub(crate) resumption: Resumption,
    pub(crate) signature_memo: SignatureMemo,
    pub(crate) handshake_timeout: Duration,
    pub(crate) clock: Clock,
    pub(crate) clock_skew: Duration,
    pub(crate) observer: Option<Observer>,
    pub(crate) name: String,
    pub(crate) on_expiry: OnExpiry,
    /// Whether a server sends the subjects of its trust anchors to clients.
    pub(crate) names_anchors: bool,
    pub(crate) rotation: RotationSettings,
    /// The listener of a server.
    pub(crate) listener: ListenerSettings,
    /// Adds the field of a configuration to an error of building.
    pub(crate) locate: Locate,
}

/// Adds to an error where the setting is written that caused it.
#[derive(Clone, Default)]
pub(crate) struct Locate(Option<Arc<dyn Fn(BuildError) -> BuildError + Send + Sync>>);

impl Locate {
    #[allow(dead_code, reason = "settings of code are written nowhere else")]
    pub(crate) fn new(add: impl Fn(BuildError) -> BuildError + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(add)))
    }

    pub(crate) fn add_to(&self, error: BuildError) -> BuildError {
        match &self.0 {
            Some(add) => add(error),
            None => error,
        }
    }
}

/// The settings, split into static ones and those that rotate.
pub(crate) struct InitialParts {
    pub(crate) fixed: StaticSettings,
    pub(crate) parts: RevisionParts,
    pub(crate) rotation: RotationSettings,
    pub(crate) source: Option<Box<dyn Source>>,
    pub(crate) trigger: ReloadTrigger,
    pub(crate) deadline: Arc<SourceDeadline>,
}

impl BuilderSettings {
    pub(crate) fn new() -> Self {
        Self {
            identity: None,
            key_permissions: KeyPermissions::default(),
            trust: None,
            revocation_lists: None,
            policy: None,
            shadow: None,
            alpn: Vec::new(),
            versions: vec![ProtocolVersion::Tls12, ProtocolVersion::Tls13],
            resumption: Resumption::Off,
            signature_memo: SignatureMemo::default(),
            handshake_timeout: DEFAULT_HANDSHAKE_TIMEOUT,
            clock: Arc::new(UnixTime::now),
            clock_skew: Duration::ZERO,
            observer: None,
            name: String::new(),
            on_expiry: OnExpiry::default(),
            names_anchors: true,
            rotation: RotationSettings::new(),
            listener: ListenerSettings::default(),
            locate: Locate::default(),
        }
    }

    /// Polls the source, if there is one, and checks that nothing required is missing.
    ///
    /// What the source gives replaces what the builder was given.
    pub(crate) fn begin(mut self) -> Result<InitialParts, BuildError> {
        self.rotation.check()?;
        check_name(&self.name)?;
        let trigger = ReloadTrigger::default();
        let mut source = match &self.rotation.source {
            Some(slot) => Some(slot.take()?),
            None => None,
        };
        let (first, parts) = match &mut source {
            Some(source) => {
                let poll = || {
                    let first = ask(&mut **source, &trigger).map_err(BuildError::Source)?;
                    let parts = self.parts(&first)?;
                    Ok((first, parts))
                };
                first_of(poll, &trigger, &self.rotation)?
            }
            None => {
                let first = Rotation::new();
                let parts = self.parts(&first)?;
                (first, parts)
            }
        };
        self.rotation.given = SourceBaseline::of(&first);
        self.rotation.degraded = first.degraded;
        let mut deadline = SourceDeadline::none();
        deadline.rejects_withdrawn = self.rotation.on_withdrawal == OnWithdrawal::Reject;
        let deadline = Arc::new(deadline);
        Ok(InitialParts {
            fixed: StaticSettings {
                key_permissions: self.key_permissions,
                alpn: self.alpn,
                versions: self.versions,
                resumption: self.resumption,
                signature_memo: self.signature_memo,
                handshake_timeout: self.handshake_timeout,
                clock: self.clock,
                clock_skew: self.clock_skew,
                has_observer: self.observer.is_some(),
                sink: Arc::new(EventSink::new(&self.name, self.observer)),
                on_expiry: self.on_expiry,
                self_trust: self.rotation.self_trust,
                deadline: Arc::clone(&deadline),
            },
            parts,
            rotation: self.rotation,
            source,
            trigger,
            deadline,
        })
    }
}

impl BuilderSettings {
    /// Returns the first parts: what the source gave, and what the builder was given besides.
    fn parts(&self, first: &Rotation) -> Result<RevisionParts, BuildError> {
        fn either<T: Clone>(new: &Option<T>, given: &Option<T>) -> Option<T> {
            new.as_ref().or(given.as_ref()).cloned()
        }
        let parts = RevisionParts {
            policy: either(&first.policy, &self.policy).ok_or(BuildError::MissingPolicy)?,
            identity: either(&first.identity, &self.identity).ok_or(BuildError::MissingIdentity)?,
            trust: either(&first.trust, &self.trust).ok_or(BuildError::MissingTrustAnchors)?,
            revocation_lists: either(&first.revocation_lists, &self.revocation_lists),
            shadow: either(&first.shadow, &self.shadow),
        };
        self.check_self_validity(&parts)?;
        Ok(parts)
    }

    fn check_self_validity(&self, parts: &RevisionParts) -> Result<(), BuildError> {
        if self.rotation.self_validity != SelfValidity::Require {
            return Ok(());
        }
        let Some(now) = catch_panic(|| (self.clock)()) else {
            return Err(BuildError::InvalidSetting {
                setting: "clock",
                problem: SettingProblem::ClockPanicked,
            });
        };
        match parts.outside_validity(now) {
            Some(warning) => Err(BuildError::IdentityNotValid(warning)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for BuilderSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuilderSettings")
            .field("identity", &self.identity)
            .field("trust", &self.trust)
            .field("policy", &self.policy)
            .field("shadow", &self.shadow)
            .finish_non_exhaustive()
    }
}
