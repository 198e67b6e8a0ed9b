use mtls::policy::{RevocationDepth, Trust};
use mtls::{PeerVerifier, RevocationRules, VerifierPolicy};

use crate::arguments::Material;

/// Our verifier of clients, without a policy about names; certificates without a list pass.
pub(super) fn verifier(material: &Material, trust: Trust) -> Option<PeerVerifier> {
    let own = Material {
        identity: None,
        trust: Some(trust),
        revocation_lists: material.revocation_lists.clone(),
        policy: Some(
            VerifierPolicy::allow_any_authenticated().revocation(
                RevocationRules::require(RevocationDepth::Chain)
                    .danger_allow_unknown_status()
                    .danger_allow_stale_lists(),
            ),
        ),
        server_name: None,
        chain_file: None,
    };
    own.verifier().ok()
}
