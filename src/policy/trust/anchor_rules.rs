//! What the examination of a trust anchor depends on, beside its bytes.

use crate::policy::certificate::public_key::KeyRules;
use crate::policy::signature::SignatureAlgorithms;
use crate::policy::verifier_policy::VerifierPolicy;

/// What the examination of a trust anchor depends on, beside its bytes.
///
/// Anchors are examined by nothing else of a policy. So what was found under equal rules holds for
/// the next revision, too.
#[derive(Clone)]
pub(crate) struct AnchorRules {
    pub(crate) keys: KeyRules,
    pub(crate) algorithms: SignatureAlgorithms,
}

impl AnchorRules {
    pub(crate) fn new(policy: &VerifierPolicy, algorithms: &SignatureAlgorithms) -> Self {
        Self {
            keys: KeyRules::of(policy),
            algorithms: algorithms.clone(),
        }
    }

    pub(crate) fn are_same_as(&self, other: &Self) -> bool {
        self.keys == other.keys && self.algorithms.are_same_as(&other.algorithms)
    }
}
