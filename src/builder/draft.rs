//! Settings as they were given, and what has to be checked before a backend sees them.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use pki_types::UnixTime;

use super::KeyPermissions;
use crate::backend::{
    Backend, Capability, Clock, End, Judge, Observer, OwnChain, ProtocolVersion, Support, Versions,
    no_external_key,
};
use crate::error::BuildError;
use crate::material::{MtlsIdentity, RevocationLists};
use crate::policy::{PeerVerifier, SignatureAlgorithms, TrustSource, VerifierPolicy};

/// How long a handshake may take unless a builder says otherwise.
const DEFAULT_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Settings as they were given, not yet checked.
pub(crate) struct Draft {
    pub(crate) identity: Option<MtlsIdentity>,
    pub(crate) key_permissions: KeyPermissions,
    pub(crate) trust: Option<TrustSource>,
    pub(crate) revocation_lists: Option<RevocationLists>,
    pub(crate) policy: Option<VerifierPolicy>,
    pub(crate) shadow: Option<VerifierPolicy>,
    pub(crate) alpn: Vec<Vec<u8>>,
    pub(crate) versions: Vec<ProtocolVersion>,
    pub(crate) handshake_timeout: Duration,
    pub(crate) clock: Clock,
    pub(crate) observer: Option<Observer>,
}

/// Settings that were checked.
pub(crate) struct Checked {
    pub(crate) identity: MtlsIdentity,
    pub(crate) trust: TrustSource,
    pub(crate) judge: Arc<Judge>,
    pub(crate) alpn: Vec<Vec<u8>>,
    pub(crate) versions: Versions,
}

impl Draft {
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
            handshake_timeout: DEFAULT_HANDSHAKE_TIMEOUT,
            clock: Arc::new(UnixTime::now),
            observer: None,
        }
    }

    /// That somebody hears what the shadow policy says, and that this end could enforce it.
    pub(crate) fn check_shadow(
        &self,
        check: fn(&VerifierPolicy) -> Result<(), BuildError>,
    ) -> Result<(), BuildError> {
        const SETTING: &str = "shadow_policy";
        match (&self.shadow, &self.observer) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(BuildError::InvalidSetting {
                setting: SETTING,
                problem:
                    "it is judged for the observer alone, and there is none; call `.observer(..)`"
                        .to_owned(),
            }),
            (Some(shadow), Some(_)) => check(shadow).map_err(|error| match error {
                BuildError::InvalidSetting { problem, .. } => BuildError::InvalidSetting {
                    setting: SETTING,
                    problem,
                },
                other => other,
            }),
        }
    }

    /// What of the policies cannot be held by one who sees the leaf alone.
    pub(crate) fn beyond_the_leaf(&self, policy: &VerifierPolicy) -> Option<&'static str> {
        let shadow = || self.shadow.as_ref()?.beyond_the_leaf();
        policy.beyond_the_leaf().or_else(shadow)
    }

    /// Checks everything that does not depend on the backend's own library.
    pub(crate) fn check<B: Backend>(
        self,
        end: End,
        policy: VerifierPolicy,
        backend: &B,
    ) -> Result<Checked, BuildError> {
        let identity = self.identity.ok_or(BuildError::MissingIdentity)?;
        check_key_place::<B>(&identity)?;
        self.key_permissions.check(&identity)?;
        let trust = self.trust.ok_or(BuildError::MissingTrustAnchors)?;
        check_alpn(&self.alpn)?;
        check_timeout(self.handshake_timeout)?;
        let versions = check_versions(&self.versions)?;
        let shadow_has_rules = self
            .shadow
            .as_ref()
            .map(VerifierPolicy::has_revocation_rules);
        let has_rules = policy.has_revocation_rules() || shadow_has_rules == Some(true);
        let lists = check_revocation::<B>(has_rules, self.revocation_lists)?;
        let own = OwnChain::new(end, identity.chain());
        let algorithms = match backend.algorithms()? {
            Some(algorithms) => {
                own.check_signatures(&algorithms)?;
                algorithms
            }
            None => SignatureAlgorithms::new([]),
        };
        let verifier = |policy: VerifierPolicy, algorithms| {
            let has_rules = policy.has_revocation_rules();
            let verifier = PeerVerifier::with_trust(&trust, policy, algorithms)?;
            match &lists {
                Some(lists) if has_rules => verifier.with_revocation_lists(lists),
                _ => Ok(verifier),
            }
        };
        let shadow = match self.shadow {
            Some(shadow) => Some(verifier(shadow, algorithms.clone())?),
            None => None,
        };
        let verifier = verifier(policy, algorithms)?;
        let judge = Judge::new(verifier, shadow, own, self.clock, self.observer);
        let told = |warning: &&_| self.key_permissions.tells(warning);
        identity.warnings().iter().filter(told).for_each(|warning| {
            judge.warn(warning);
        });
        Ok(Checked {
            identity,
            trust,
            judge: Arc::new(judge),
            alpn: self.alpn,
            versions,
        })
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("identity", &self.identity)
            .field("trust", &self.trust)
            .field("policy", &self.policy)
            .field("shadow", &self.shadow)
            .finish_non_exhaustive()
    }
}

/// Only a backend with a seam for it can let somebody else sign.
fn check_key_place<B: Backend>(identity: &MtlsIdentity) -> Result<(), BuildError> {
    match Capability::ExternalKeys.on(B::KIND) {
        Support::Refused(_) if identity.signing_key().is_some() => Err(no_external_key(B::KIND)),
        _ => Ok(()),
    }
}

/// Rules and lists are of use only together.
fn check_revocation<B: Backend>(
    has_rules: bool,
    lists: Option<RevocationLists>,
) -> Result<Option<RevocationLists>, BuildError> {
    match (Capability::Revocation.on(B::KIND), has_rules, &lists) {
        (_, false, None) => Ok(None),
        (Support::Refused(_), ..) => Err(BuildError::Unsupported {
            backend: B::KIND,
            what: "revocation rules and lists: the platform shows us no path to judge them by",
        }),
        (_, true, None) => Err(BuildError::MissingRevocationLists),
        (_, false, Some(_)) => Err(BuildError::MissingRevocationRules),
        (_, true, Some(_)) => Ok(lists),
    }
}

fn check_alpn(protocols: &[Vec<u8>]) -> Result<(), BuildError> {
    match protocols.iter().find(|p| !(1..=255).contains(&p.len())) {
        None => Ok(()),
        Some(wrong) => Err(BuildError::InvalidSetting {
            setting: "alpn",
            problem: format!(
                "a protocol name has 1 to 255 bytes (RFC 7301, section 3.1), this one {}",
                wrong.len()
            ),
        }),
    }
}

fn check_timeout(timeout: Duration) -> Result<(), BuildError> {
    match timeout.is_zero() {
        false => Ok(()),
        true => Err(BuildError::InvalidSetting {
            setting: "handshake_timeout",
            problem: "no handshake can be done in no time".to_owned(),
        }),
    }
}

fn check_versions(versions: &[ProtocolVersion]) -> Result<Versions, BuildError> {
    let versions = Versions {
        tls12: versions.contains(&ProtocolVersion::Tls12),
        tls13: versions.contains(&ProtocolVersion::Tls13),
    };
    match versions.tls12 || versions.tls13 {
        true => Ok(versions),
        false => Err(BuildError::InvalidSetting {
            setting: "protocol_versions",
            problem: "the list is empty".to_owned(),
        }),
    }
}
