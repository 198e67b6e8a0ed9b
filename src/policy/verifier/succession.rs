//! Whether one verifier may take the place of another.

use pki_types::UnixTime;

use super::PeerVerifier;
use crate::error::BuildError;
use crate::policy::revocation::succession::{self, Side};

impl PeerVerifier {
    /// That this verifier, which is to take the place of `before`, has at this time the revocation lists that `before`
    /// judges by, or later ones, where it judges by lists and trusts their issuers.
    pub(crate) fn check_lists_follow(
        &self,
        before: &Self,
        now: UnixTime,
    ) -> Result<(), BuildError> {
        match (before.lists(), self.lists()) {
            (Some(before), Some(next)) => succession::check(before, next, &self.algorithms, now),
            _ => Ok(()),
        }
    }

    fn lists(&self) -> Option<Side<'_>> {
        Some(Side {
            revocation: self.revocation.as_ref()?,
            trust: &self.trust,
        })
    }
}
