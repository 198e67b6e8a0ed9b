use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use pki_types::UnixTime;

use super::parts::{Expiries, Expiry, RevisionParts};
use super::status::Status;
use super::status::anchor_digests::AnchorDigests;
use super::status::warnings::unusable_anchors;
use crate::backend::{Crypto, RevisionTimes, SessionVerifier};
use crate::connection::VerificationBasis;
use crate::material::IdentityWarning;
use crate::policy::BuildError;

/// The time if the clock fails: at it, nothing is valid yet.
const EPOCH: UnixTime = UnixTime::since_unix_epoch(Duration::ZERO);

/// The number of the first revision.
pub(super) const FIRST: u64 = 1;

/// Returns the time of the builder's clock.
pub(super) fn moment(verifier: &SessionVerifier) -> UnixTime {
    verifier.now_unless_panicked().unwrap_or(EPOCH)
}

/// An immutable set of identity, anchors, revocation lists and policy.
///
/// It has the configuration of the backend and the verifier for it. A handshake uses one revision
/// from its first byte to its last.
pub(crate) struct Revision<C> {
    pub(crate) number: u64,
    /// The newest revision up to this one that changed our identity or trust.
    pub(crate) changed_at: u64,
    pub(crate) config: C,
    pub(crate) verifier: Arc<SessionVerifier>,
    pub(super) crypto: Crypto,
    pub(crate) parts: RevisionParts,
    pub(super) loaded_at: UnixTime,
    pub(super) expiries: Expiries,
    anchor_digests: Arc<AnchorDigests>,
}

/// What a backend builds from a set of parts.
pub(crate) struct BackendConfig<C> {
    pub(crate) config: C,
    pub(crate) verifier: Arc<SessionVerifier>,
    pub(crate) crypto: Crypto,
    /// The warnings about our identity for the observer.
    pub(crate) warnings: Vec<IdentityWarning>,
}

/// Builds what a backend works with from parts, with the builder's settings captured.
///
/// The verifier of the revision before, if there is one, has verified what did not change.
pub(crate) type ConfigFactory<C> = Box<
    dyn Fn(&RevisionParts, Option<&SessionVerifier>) -> Result<BackendConfig<C>, BuildError>
        + Send
        + Sync,
>;

impl<C> Revision<C> {
    pub(super) fn new(
        number: u64,
        changed_at: u64,
        parts: RevisionParts,
        made: BackendConfig<C>,
        now: UnixTime,
    ) -> Self {
        Self {
            number,
            changed_at,
            config: made.config,
            crypto: made.crypto,
            expiries: parts.expiries(&made.verifier),
            anchor_digests: Arc::new(AnchorDigests::new(parts.trust.clone())),
            verifier: made.verifier,
            parts,
            loaded_at: now,
        }
    }

    /// Returns what open connections are verified by while this revision is current.
    pub(crate) fn verification_basis(&self) -> VerificationBasis {
        VerificationBasis {
            revision: self.number,
            verifier: Arc::clone(&self.verifier),
            trust: self.parts.trust.clone(),
        }
    }

    /// Shows this revision in metrics.
    pub(super) fn show(&self) {
        let until = |first: &Option<Expiry>| first.as_ref().map(|first| first.until);
        let times = RevisionTimes {
            identity: until(&self.expiries.identity),
            anchors: until(&self.expiries.anchors),
            lists: until(&self.expiries.lists),
            lists_updated: self.expiries.lists_updated,
        };
        self.verifier.show_revision(self.number, times);
    }

    /// Returns the status of this revision right after its publication.
    pub(super) fn status(&self) -> Status {
        let until = |first: &Option<Expiry>| first.as_ref().map(|first| first.until);
        let expiries = &self.expiries;
        Status {
            revision: self.number,
            loaded_at: self.loaded_at,
            identity_not_valid: self.parts.outside_validity(self.loaded_at),
            identity_expires_at: until(&expiries.identity).unwrap_or(EPOCH),
            anchors_expire_at: until(&expiries.anchors).unwrap_or(EPOCH),
            revocation_lists_expire_at: until(&expiries.lists),
            revocation_lists_updated_at: expiries.lists_updated,
            certificate_sha256: self.parts.certificate_sha256(),
            anchor_digests: Arc::clone(&self.anchor_digests),
            crypto: self.crypto,
            has_post_quantum_identity: self.parts.identity.key_type().is_ml_dsa(),
            last_failure: None,
            degraded: None,
            is_withdrawn: false,
            unclaimed_lists: self.verifier.unclaimed_lists().into(),
            unusable_anchors: unusable_anchors(&self.verifier),
            rotations: 0,
            reloads: 0,
            failures: 0,
        }
    }
}

impl<C> Revision<C> {
    /// Returns this status with what depends on the time of the call.
    pub(super) fn status_now(&self, status: Status) -> Status {
        let now = self.verifier.now_unless_panicked();
        Status {
            identity_not_valid: now.and_then(|now| self.parts.outside_validity(now)),
            unclaimed_lists: self.verifier.unclaimed_lists().into(),
            unusable_anchors: unusable_anchors(&self.verifier),
            ..status
        }
    }
}

impl<C> fmt::Debug for Revision<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revision")
            .field("number", &self.number)
            .field("loaded_at", &self.loaded_at)
            .finish_non_exhaustive()
    }
}
