use crate::material::{MtlsIdentity, RevocationLists};
use crate::policy::{Trust, VerifierPolicy};
use crate::rotation::rotation::Rotation;

/// The parts that a source gave last, of those that were accepted.
///
/// A source reports everything it has at each poll. A part it reported before is not a change, even
/// if `rotate` has replaced it since: otherwise the next poll would restore a CA that was removed
/// by hand.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceBaseline {
    identity: Option<MtlsIdentity>,
    trust: Option<Trust>,
    revocation_lists: Option<RevocationLists>,
    policy: Option<VerifierPolicy>,
    shadow: Option<VerifierPolicy>,
}

impl SourceBaseline {
    pub(crate) fn of(rotation: &Rotation) -> Self {
        Self::default().and(rotation)
    }

    /// Returns this baseline, updated with a rotation that was accepted.
    pub(crate) fn and(&self, rotation: &Rotation) -> Self {
        fn or<T: Clone>(new: &Option<T>, old: &Option<T>) -> Option<T> {
            new.as_ref().or(old.as_ref()).cloned()
        }
        Self {
            identity: or(&rotation.identity, &self.identity),
            trust: or(&rotation.trust, &self.trust),
            revocation_lists: or(&rotation.revocation_lists, &self.revocation_lists),
            policy: or(&rotation.policy, &self.policy),
            shadow: or(&rotation.shadow, &self.shadow),
        }
    }

    pub(crate) fn revocation_lists(&self) -> Option<&RevocationLists> {
        self.revocation_lists.as_ref()
    }

    /// Returns the parts of a rotation that differ from the baseline.
    pub(crate) fn changes_in(&self, rotation: Rotation) -> Rotation {
        rotation.without(
            self.identity.as_ref(),
            self.trust.as_ref(),
            self.revocation_lists.as_ref(),
            self.policy.as_ref(),
            self.shadow.as_ref(),
        )
    }
}

impl Rotation {
    /// Returns this rotation without the parts that equal the given ones.
    pub(crate) fn without(
        self,
        identity: Option<&MtlsIdentity>,
        trust: Option<&Trust>,
        revocation_lists: Option<&RevocationLists>,
        policy: Option<&VerifierPolicy>,
        shadow: Option<&VerifierPolicy>,
    ) -> Self {
        let is_known = |new: &MtlsIdentity| identity.is_some_and(|known| known.is_same_as(new));
        Self {
            identity: self.identity.filter(|new| !is_known(new)),
            trust: self.trust.filter(|new| Some(new) != trust),
            revocation_lists: self
                .revocation_lists
                .filter(|new| Some(new) != revocation_lists),
            policy: self.policy.filter(|new| Some(new) != policy),
            shadow: self.shadow.filter(|new| Some(new) != shadow),
            ..self
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.identity.is_none()
            && self.trust.is_none()
            && self.revocation_lists.is_none()
            && self.policy.is_none()
            && self.shadow.is_none()
    }
}
