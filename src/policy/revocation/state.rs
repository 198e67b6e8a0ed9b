use std::sync::Arc;

use super::list_version::RetiredLists;
use super::lists::{List, Lists};
use crate::material::{RevocationList, RevocationLists};
use crate::policy::algorithms::SignatureAlgorithms;
use crate::policy::revocation_rules::RevocationRules;
use crate::policy::trust::anchors::Anchors;

/// Rules, and the lists to judge by; none of them leaves every status unknown.
pub(in crate::policy) struct Revocation {
    pub(super) rules: RevocationRules,
    pub(super) lists: Lists,
    /// Lists of revisions before this one that are not there any more.
    pub(super) retired: RetiredLists,
}

impl Revocation {
    pub(in crate::policy) fn new(rules: RevocationRules) -> Self {
        Self {
            rules,
            lists: Lists::none(),
            retired: RetiredLists::default(),
        }
    }

    /// Judges by these lists. The signatures of those that an anchor signed are verified now, since
    /// it takes long.
    pub(in crate::policy) fn with_lists<'a>(
        self,
        lists: &RevocationLists,
        anchors: impl Iterator<Item = &'a Anchors>,
        algorithms: &SignatureAlgorithms,
    ) -> Self {
        let lists = Lists::new(lists);
        for anchors in anchors {
            lists.prove_by_anchors(anchors, algorithms);
        }
        Self { lists, ..self }
    }

    /// Lists that neither a trust anchor nor a CA of a proved path signed so far.
    pub(in crate::policy) fn unclaimed(&self) -> impl Iterator<Item = &Arc<RevocationList>> {
        self.lists.unclaimed().map(List::shared_content)
    }
}
