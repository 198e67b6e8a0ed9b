use std::sync::Arc;

use super::list_version::RetiredLists;
use super::lists::{List, Lists};
use crate::material::{RevocationList, RevocationLists};
use crate::policy::revocation_rules::RevocationRules;
use crate::policy::signature::SignatureAlgorithms;
use crate::policy::trust::anchors::Anchors;

/// The revocation rules and lists of a verifier; without lists every status is unknown.
pub(in crate::policy) struct Revocation {
    pub(super) rules: RevocationRules,
    pub(super) lists: Lists,
    /// The lists of earlier revisions that were removed.
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

    /// Sets the lists.
    ///
    /// Signatures by an anchor are verified here, because that takes long.
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

    /// Returns the lists without a known signer: a trust anchor or a CA of an authenticated path.
    pub(in crate::policy) fn unclaimed(&self) -> impl Iterator<Item = &Arc<RevocationList>> {
        self.lists.unclaimed().map(List::shared_content)
    }
}
