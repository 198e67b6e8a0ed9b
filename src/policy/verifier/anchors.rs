//! Which trust anchors cannot vouch for peers.

use pki_types::UnixTime;

use super::PeerVerifier;
use crate::error::{BuildError, UnusableTrustAnchor};
use crate::policy::verifier_policy::ClientPurpose;
use crate::side::Side;

impl PeerVerifier {
    /// The trust anchors that can vouch for no peer, whatever the time; others can.
    pub fn unusable_trust_anchors(&self) -> Vec<UnusableTrustAnchor> {
        self.trust.unusable(None, None).unwrap_or_default()
    }

    /// The trust anchors that cannot vouch for peers in this side at this time.
    ///
    /// # Errors
    /// [`BuildError::UnusableTrustAnchors`] where no other is left.
    fn unusable_for(
        &self,
        side: Side,
        now: Option<UnixTime>,
    ) -> Result<Vec<UnusableTrustAnchor>, BuildError> {
        self.trust.unusable(Some(side), now)
    }

    pub(crate) fn unusable_for_clients(
        &self,
        now: Option<UnixTime>,
    ) -> Result<Vec<UnusableTrustAnchor>, BuildError> {
        // By the opt-in an anchor for servers vouches for clients, too.
        if self.policy.client_purpose == ClientPurpose::OrServerAuth {
            self.trust.unusable(None, now)
        } else {
            self.unusable_for(Side::Client, now)
        }
    }

    pub(crate) fn unusable_for_servers(
        &self,
        now: Option<UnixTime>,
    ) -> Result<Vec<UnusableTrustAnchor>, BuildError> {
        self.unusable_for(Side::Server, now)
    }

    /// That every anchor can vouch for servers: for backends that do not show where a path ends.
    pub(crate) fn check_anchors_for_servers(&self) -> Result<(), BuildError> {
        match self.trust.unusable_for_servers() {
            None => Ok(()),
            Some(anchor) => Err(BuildError::InvalidSetting {
                setting: "trust_anchors",
                problem: format!(
                    "{anchor}; this backend does not show in which of them a path ends, so each has to be good ({})",
                    anchor.hint()
                ),
            }),
        }
    }
}
