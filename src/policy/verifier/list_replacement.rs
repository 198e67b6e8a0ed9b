//! Whether one verifier may replace another.

use std::sync::Arc;

use pki_types::UnixTime;

use super::PeerVerifier;
use crate::error::RevocationListRegression;
use crate::material::RevocationList;
use crate::policy::revocation::continuity::{self, ContinuityState};

impl PeerVerifier {
    /// Verifies that this verifier has the lists of `before`, or later ones, at this time.
    ///
    /// Applies if both have rules, to lists with a verified signature. If this verifier does not
    /// trust the issuer, the list may be missing, but no older one may replace it.
    pub(crate) fn check_lists_follow(
        &self,
        before: &Self,
        now: UnixTime,
    ) -> Result<(), RevocationListRegression> {
        match (before.lists(), self.lists()) {
            (Some(before), Some(next)) => {
                continuity::check(before, next, &self.algorithms, self.time(now))
            }
            _ => Ok(()),
        }
    }

    /// Returns the revocation lists without a known signer: they revoke nothing.
    ///
    /// A known signer is a trust anchor, or a CA of a path that this verifier has authenticated.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let lists = pki::lists();
    /// # use mtls::{RevocationRules, VerifierPolicy, policy::RevocationDepth};
    /// let rules = RevocationRules::require(RevocationDepth::Leaf);
    /// let policy = VerifierPolicy::allow_any_authenticated().revocation(rules);
    /// let verifier = pki::verifier(policy).with_revocation_lists(&lists)?;
    /// assert!(verifier.unclaimed_revocation_lists().is_empty());
    /// # Ok::<(), mtls::BuildError>(())
    /// ```
    pub fn unclaimed_revocation_lists(&self) -> Vec<Arc<RevocationList>> {
        let lists = self
            .revocation
            .iter()
            .flat_map(|revocation| revocation.unclaimed());
        lists.map(Arc::clone).collect()
    }

    fn lists(&self) -> Option<ContinuityState<'_>> {
        Some(ContinuityState {
            revocation: self.revocation.as_deref()?,
            trust: &self.trust,
        })
    }
}
