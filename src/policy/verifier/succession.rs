//! What the verifier of a revision takes over from the one before.
//!
//! Only results that depend on nothing that has changed: what was found in an anchor under equal
//! rules, and which keys signed a list. No verdict about a peer is among them.

use core::time::Duration;
use std::sync::Arc;

use super::PeerVerifier;
use crate::material::RevocationLists;
use crate::policy::build_error::BuildError;
use crate::policy::revocation::Revocation;
use crate::policy::signature::SignatureAlgorithms;
use crate::policy::trust::anchors::AnchorExpiry;
use crate::policy::trust::{Trust, TrustSets};
use crate::policy::verifier_policy::VerifierPolicy;

impl PeerVerifier {
    /// Creates a verifier like [`new`](Self::new); anchors that one of `former` has examined by
    /// equal rules are not examined again.
    pub(crate) fn following(
        former: &[&Self],
        trust: &Trust,
        policy: VerifierPolicy,
        algorithms: SignatureAlgorithms,
    ) -> Result<Self, BuildError> {
        let former: Vec<&TrustSets> = former.iter().map(|former| &*former.trust).collect();
        let trust = TrustSets::new(trust, &policy, &algorithms, &former);
        policy.check_limits()?;
        policy.check_revocation()?;
        trust.unusable(None, None)?;
        Ok(Self {
            trust: Arc::new(trust),
            revocation: policy
                .revocation
                .map(|rules| Arc::new(Revocation::new(rules))),
            policy,
            algorithms,
            clock_skew: Duration::ZERO,
            recent: Arc::default(),
        })
    }

    /// Sets the revocation lists like [`with_revocation_lists`](Self::with_revocation_lists); the
    /// signatures that `former` has verified are not verified again.
    pub(crate) fn with_lists_following(
        mut self,
        former: Option<&Self>,
        lists: &RevocationLists,
    ) -> Result<Self, BuildError> {
        let Some(rules) = self.policy.revocation else {
            return Err(BuildError::MissingRevocationRules);
        };
        let former = former.filter(|former| former.has_algorithms(&self.algorithms));
        let former = former.and_then(|former| {
            let is_trust_shared = former.trust.is_shared_with(&self.trust);
            Some(former.revocation.as_ref()?.former_lists(is_trust_shared))
        });
        let with_lists =
            Revocation::new(rules).with_lists(lists, &self.trust, &self.algorithms, former);
        self.revocation = Some(Arc::new(with_lists));
        Ok(self)
    }

    /// Returns whether it verifies signatures by the same implementations.
    pub(crate) fn has_algorithms(&self, algorithms: &SignatureAlgorithms) -> bool {
        self.algorithms.are_same_as(algorithms)
    }

    /// Returns the first trust anchor to expire, of the unusable ones too.
    pub(crate) fn first_anchor_expiry(&self) -> Option<AnchorExpiry> {
        self.trust.first_expiry()
    }

    /// Returns each distinct subject of the anchors, or none if they are too large in total for a
    /// server to name.
    pub(crate) fn ca_names(&self) -> Vec<Vec<u8>> {
        self.trust.ca_names()
    }
}
