//! Whether one verifier may take the place of another.

use std::sync::Arc;

use pki_types::UnixTime;

use super::PeerVerifier;
use crate::error::BuildError;
use crate::material::RevocationList;
use crate::policy::revocation::continuity::{self, ContinuityState};

impl PeerVerifier {
    /// That this verifier, which is to take the place of `before`, has at this time the revocation lists that `before`
    /// judges by, or later ones, where it judges by lists and trusts their issuers.
    pub(crate) fn check_lists_follow(
        &self,
        before: &Self,
        now: UnixTime,
    ) -> Result<(), BuildError> {
        match (before.lists(), self.lists()) {
            (Some(before), Some(next)) => continuity::check(before, next, &self.algorithms, now),
            _ => Ok(()),
        }
    }

    /// The revocation lists that neither a trust anchor nor a CA of a proved path signed so far.
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
