//! Unusable trust anchors of a verifier.

use pki_types::UnixTime;

use super::PeerVerifier;
use crate::error::UnusableTrustAnchor;
use crate::policy::build_error::BuildError;
use crate::policy::setting_problem::SettingProblem;
use crate::policy::verifier_policy::ClientPurpose;
use crate::side::Side;

impl PeerVerifier {
    /// Returns the trust anchors that are unusable for every peer at any time.
    ///
    /// At least one other anchor is usable.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let verifier = pki::verifier(mtls::VerifierPolicy::allow_any_authenticated());
    /// for anchor in verifier.unusable_trust_anchors() {
    ///     eprintln!("{anchor}; {}", anchor.hint());
    /// }
    /// ```
    pub fn unusable_trust_anchors(&self) -> Vec<UnusableTrustAnchor> {
        self.trust.unusable(None, None).unwrap_or_default()
    }

    /// Returns the trust anchors that are unusable for peers on this side at this time.
    ///
    /// # Errors
    /// [`BuildError::UnusableTrustAnchors`] if all of them are.
    fn unusable_for(
        &self,
        side: Side,
        now: Option<UnixTime>,
    ) -> Result<Vec<UnusableTrustAnchor>, BuildError> {
        self.trust
            .unusable(Some(side), now.map(|now| self.time(now)))
    }

    pub(crate) fn unusable_for_clients(
        &self,
        now: Option<UnixTime>,
    ) -> Result<Vec<UnusableTrustAnchor>, BuildError> {
        // With the opt-in, an anchor for servers is usable for clients too.
        if self.policy.client_purpose == ClientPurpose::OrServerAuth {
            self.trust.unusable(None, now.map(|now| self.time(now)))
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

    /// Verifies that every anchor is usable for servers.
    ///
    /// For backends that do not expose the anchor of a path.
    pub(crate) fn check_anchors_for_servers(&self) -> Result<(), BuildError> {
        match self.trust.unusable_for_servers() {
            None => Ok(()),
            Some(anchor) => Err(BuildError::InvalidSetting {
                setting: "trust_anchors",
                problem: SettingProblem::UnusableTrustAnchor(anchor.into()),
            }),
        }
    }
}
