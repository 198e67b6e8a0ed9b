//! The settings that never rotate, and the checks they make on each revision before the backend
//! does.

use core::time::Duration;
use std::sync::Arc;

use crate::backend::{
    Backend, Capability, Clock, EventSink, KnownPeers, OwnChain, ProtocolVersion, Resumption,
    ServingGate, SessionVerifier, SourceDeadline, Support, Versions, no_external_key,
};
use crate::error::SettingProblem;
use crate::material::{IdentityWarning, KeyPermissions, MtlsIdentity};
use crate::policy::{BuildError, PeerVerifier, SignatureAlgorithms, SignatureMemo, VerifierPolicy};
use crate::rotation::{OnExpiry, RevisionParts, SelfTrust};
use crate::side::Side;

/// Settings that do not rotate.
pub(crate) struct StaticSettings {
    pub(super) key_permissions: KeyPermissions,
    pub(super) alpn: Vec<Vec<u8>>,
    pub(super) versions: Vec<ProtocolVersion>,
    pub(super) resumption: Resumption,
    /// One for all revisions.
    pub(super) signature_memo: SignatureMemo,
    pub(crate) handshake_timeout: Duration,
    pub(super) clock: Clock,
    pub(super) clock_skew: Duration,
    pub(super) has_observer: bool,
    /// One for all revisions: it counts open connections.
    pub(super) sink: Arc<EventSink>,
    pub(super) on_expiry: OnExpiry,
    pub(super) self_trust: SelfTrust,
    pub(super) deadline: Arc<SourceDeadline>,
}

/// The checked parts of a revision.
pub(crate) struct ValidatedParts {
    pub(crate) verifier: Arc<SessionVerifier>,
    pub(crate) alpn: Vec<Vec<u8>>,
    pub(crate) versions: Versions,
    pub(crate) resumption: Resumption,
    pub(crate) warnings: Vec<IdentityWarning>,
}

impl StaticSettings {
    /// Checks everything that does not depend on the backend's own library.
    ///
    /// `check_policy` checks what this side requires of a policy. `former` is the verifier of the
    /// revision before: what it has verified and what has not changed is not verified again.
    pub(crate) fn check<B: Backend>(
        &self,
        side: Side,
        parts: &RevisionParts,
        check_policy: fn(&VerifierPolicy) -> Result<(), BuildError>,
        backend: &B,
        former: Option<&SessionVerifier>,
    ) -> Result<ValidatedParts, BuildError> {
        check_policy(&parts.policy)?;
        self.check_shadow(parts.shadow.as_ref(), check_policy)?;
        let identity = &parts.identity;
        check_key_place::<B>(identity)?;
        self.key_permissions.check(identity)?;
        check_alpn(&self.alpn)?;
        check_timeout(self.handshake_timeout)?;
        let versions = check_versions(&self.versions)?;
        check_key_versions(identity, versions)?;
        self.resumption.check(B::LIBRARY)?;
        check_revocation::<B>(parts)?;
        self.check_clock_skew::<B>()?;
        let own = OwnChain::new(side, identity.chain());
        let algorithms = match backend.algorithms()? {
            Some(algorithms) => {
                let algorithms = algorithms.with_memo(&self.signature_memo);
                let is_checked = |former: &SessionVerifier| {
                    former.verifiers().0.has_algorithms(&algorithms)
                        && former.own().chain() == own.chain()
                };
                if !former.is_some_and(is_checked) {
                    own.check_signatures(&algorithms)?;
                }
                algorithms
            }
            None if self.self_trust == SelfTrust::Require => {
                return Err(BuildError::Unsupported {
                    setting: "self_trust",
                    backend: B::LIBRARY,
                    what: "`SelfTrust::Require`",
                    reason: "the platform verifies signatures itself and shows none of them",
                });
            }
            None => SignatureAlgorithms::new([]),
        };
        let verifier = |policy: &VerifierPolicy, former: [Option<&PeerVerifier>; 2]| {
            let all: Vec<&PeerVerifier> = former.into_iter().flatten().collect();
            let verifier =
                PeerVerifier::following(&all, &parts.trust, policy.clone(), algorithms.clone())?
                    .clock_skew(self.clock_skew)?;
            match &parts.revocation_lists {
                Some(lists) if policy.has_revocation_rules() => {
                    verifier.with_lists_following(former[0], lists)
                }
                _ => Ok(verifier),
            }
        };
        let (former, former_shadow) = former.map(SessionVerifier::verifiers).unzip();
        let shadow = match &parts.shadow {
            Some(shadow) => Some(verifier(shadow, [former_shadow.flatten(), former])?),
            None => None,
        };
        let verifier = verifier(&parts.policy, [former, shadow.as_ref()])?;
        let serving = ServingGate {
            until: match self.on_expiry {
                OnExpiry::KeepServing => None,
                OnExpiry::Reject => parts.identity_valid_until(),
            },
            source: Arc::clone(&self.deadline),
        };
        let met = KnownPeers::new(&self.signature_memo);
        let sink = Arc::clone(&self.sink);
        let clock = Arc::clone(&self.clock);
        let known = identity.warnings().iter().cloned().chain(own.warning());
        let warnings = known.filter(|warning| self.key_permissions.reports(warning));
        let warnings = warnings.collect();
        let verifier = SessionVerifier::new(verifier, shadow, met, own, serving, clock, sink);
        Ok(ValidatedParts {
            verifier: Arc::new(verifier),
            alpn: self.alpn.clone(),
            versions,
            resumption: self.resumption,
            warnings,
        })
    }

    fn check_clock_skew<B: Backend>(&self) -> Result<(), BuildError> {
        match Capability::ClockSkew.on(B::LIBRARY) {
            Support::None(reason) if !self.clock_skew.is_zero() => Err(BuildError::Unsupported {
                setting: "clock_skew",
                backend: B::LIBRARY,
                what: "`clock_skew`",
                reason,
            }),
            _ => Ok(()),
        }
    }

    /// Checks that an observer receives the shadow policy's events, and that this side could
    /// enforce it.
    fn check_shadow(
        &self,
        shadow: Option<&VerifierPolicy>,
        check: fn(&VerifierPolicy) -> Result<(), BuildError>,
    ) -> Result<(), BuildError> {
        const SETTING: &str = "shadow_policy";
        match (shadow, self.has_observer) {
            (None, _) => Ok(()),
            (Some(_), false) => Err(BuildError::InvalidSetting {
                setting: SETTING,
                problem: SettingProblem::NoObserver,
            }),
            (Some(shadow), true) => check(shadow).map_err(|error| match error {
                BuildError::InvalidSetting { problem, .. } => BuildError::InvalidSetting {
                    setting: SETTING,
                    problem,
                },
                other => other,
            }),
        }
    }
}

/// Rejects an external signing key on a backend that cannot use one.
fn check_key_place<B: Backend>(identity: &MtlsIdentity) -> Result<(), BuildError> {
    match Capability::ExternalKeys.on(B::LIBRARY) {
        Support::None(_) if identity.signing_key().is_some() => Err(no_external_key(B::LIBRARY)),
        _ => Ok(()),
    }
}

/// Checks that revocation rules and lists are given together, or neither.
fn check_revocation<B: Backend>(parts: &RevisionParts) -> Result<(), BuildError> {
    let policies = [Some(&parts.policy), parts.shadow.as_ref()];
    let mut policies = policies.into_iter().flatten();
    let has_rules = policies.any(VerifierPolicy::has_revocation_rules);
    match (
        Capability::Revocation.on(B::LIBRARY),
        has_rules,
        &parts.revocation_lists,
    ) {
        (_, false, None) => Ok(()),
        (Support::None(_), ..) => Err(BuildError::Unsupported {
            setting: "revocation_lists",
            backend: B::LIBRARY,
            what: "revocation rules and lists",
            reason: "the platform does not show the path that they apply to",
        }),
        (_, true, None) => Err(BuildError::MissingRevocationLists),
        (_, false, Some(_)) => Err(BuildError::MissingRevocationRules),
        (_, true, Some(_)) => Ok(()),
    }
}

fn check_alpn(protocols: &[Vec<u8>]) -> Result<(), BuildError> {
    match protocols.iter().find(|p| !(1..=255).contains(&p.len())) {
        None => Ok(()),
        Some(wrong) => Err(BuildError::InvalidSetting {
            setting: "alpn",
            problem: SettingProblem::AlpnNameLength {
                length: wrong.len(),
            },
        }),
    }
}

/// The most bytes of a name.
const MAX_NAME: usize = 64;

/// Checks a name for metrics and traces, so that it needs no escaping there.
pub(super) fn check_name(name: &str) -> Result<(), BuildError> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if name.len() <= MAX_NAME && name.bytes().all(is_allowed) {
        return Ok(());
    }
    Err(BuildError::InvalidSetting {
        setting: "name",
        problem: SettingProblem::InvalidName {
            length: name.len(),
            limit: MAX_NAME,
        },
    })
}

fn check_timeout(timeout: Duration) -> Result<(), BuildError> {
    if timeout.is_zero() {
        Err(BuildError::InvalidSetting {
            setting: "handshake_timeout",
            problem: SettingProblem::ZeroHandshakeTimeout,
        })
    } else {
        Ok(())
    }
}

/// Checks that the versions fit the key: TLS 1.2 has no signature scheme for ML-DSA keys.
fn check_key_versions(identity: &MtlsIdentity, versions: Versions) -> Result<(), BuildError> {
    let kind = identity.key_type();
    if versions.tls13 || !kind.is_ml_dsa() {
        return Ok(());
    }
    Err(BuildError::InvalidSetting {
        setting: "protocol_versions",
        problem: SettingProblem::KeyNeedsTls13 { key: kind },
    })
}

fn check_versions(versions: &[ProtocolVersion]) -> Result<Versions, BuildError> {
    let versions = Versions {
        tls12: versions.contains(&ProtocolVersion::Tls12),
        tls13: versions.contains(&ProtocolVersion::Tls13),
    };
    if versions.tls12 || versions.tls13 {
        Ok(versions)
    } else {
        Err(BuildError::InvalidSetting {
            setting: "protocol_versions",
            problem: SettingProblem::EmptyVersions,
        })
    }
}
