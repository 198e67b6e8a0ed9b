use crate::material::{MtlsIdentity, RevocationLists};
use crate::policy::{Trust, VerifierPolicy};
use crate::rotation::rotation::Rotation;

/// What a source gave last, and that was taken.
///
/// A source tells what it has, as often as it is asked. What it has had for long is no news, also where somebody has put
/// something else into its place by hand since: a CA that was thrown out would be back at the next look otherwise.
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

    /// What has been given when a rotation is taken as well.
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

    /// What of a rotation is news.
    pub(crate) fn news(&self, rotation: Rotation) -> Rotation {
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
    /// What of it differs from these.
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
