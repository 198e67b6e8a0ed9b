use super::change::Rotation;
use crate::material::{MtlsIdentity, RevocationLists};
use crate::policy::TrustSource;

/// What a source gave last, and that was taken.
///
/// A source tells what it has, as often as it is asked. What it has had for long is no news, also where somebody has put
/// something else into its place by hand since: a CA that was thrown out would be back at the next look otherwise.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    identity: Option<MtlsIdentity>,
    trust: Option<TrustSource>,
    revocation_lists: Option<RevocationLists>,
}

impl Given {
    pub(crate) fn of(rotation: &Rotation) -> Self {
        Self {
            identity: rotation.identity.clone(),
            trust: rotation.trust.clone(),
            revocation_lists: rotation.revocation_lists.clone(),
        }
    }

    /// What of a rotation is news, and what has been given once it is taken.
    pub(super) fn compare(&self, rotation: Rotation) -> (Rotation, Self) {
        let now_given = Self {
            identity: rotation.identity.clone().or_else(|| self.identity.clone()),
            trust: rotation.trust.clone().or_else(|| self.trust.clone()),
            revocation_lists: rotation
                .revocation_lists
                .clone()
                .or_else(|| self.revocation_lists.clone()),
        };
        let is_known = |identity: &MtlsIdentity| {
            let last = self.identity.as_ref();
            last.is_some_and(|last| last.is_same_as(identity))
        };
        let news = Rotation {
            identity: rotation.identity.filter(|identity| !is_known(identity)),
            trust: rotation
                .trust
                .filter(|trust| self.trust.as_ref() != Some(trust)),
            revocation_lists: rotation
                .revocation_lists
                .filter(|lists| self.revocation_lists.as_ref() != Some(lists)),
            ..rotation
        };
        (news, now_given)
    }
}
