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

    /// Returns the revocation lists without a known signer.
    ///
    /// A known signer is a trust anchor or a CA of an authenticated path.
    pub(crate) fn unclaimed_lists(&self) -> Vec<Arc<RevocationList>> {
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
