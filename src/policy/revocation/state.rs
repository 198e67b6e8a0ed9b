use std::sync::Arc;

use super::list_version::RetiredLists;
use super::lists::{FormerLists, List, Lists};
use crate::material::{RevocationList, RevocationLists};
use crate::policy::revocation_rules::RevocationRules;
use crate::policy::signature::SignatureAlgorithms;
use crate::policy::trust::TrustSets;

/// The revocation rules and lists of a verifier; without lists every status is unknown.
pub(in crate::policy) struct Revocation {
    pub(super) rules: RevocationRules,
    pub(super) lists: Arc<Lists>,
    /// The lists of earlier revisions that were removed.
    pub(super) retired: RetiredLists,
}

impl Revocation {
    pub(in crate::policy) fn new(rules: RevocationRules) -> Self {
        Self {
            rules,
            lists: Arc::new(Lists::none()),
            retired: RetiredLists::default(),
        }
    }

    /// Sets the lists.
    ///
    /// Signatures by an anchor are verified here, because that takes long. Those that the former
    /// verifier has verified, by the same algorithms, are not verified again.
    pub(in crate::policy) fn with_lists(
        self,
        lists: &RevocationLists,
        trust: &TrustSets,
        algorithms: &SignatureAlgorithms,
        former: Option<FormerLists<'_>>,
    ) -> Self {
        if let Some(former) = &former
            && former.is_trust_shared
            && former.lists.are_of(lists)
        {
            let lists = Arc::clone(former.lists);
            return Self { lists, ..self };
        }
        let lists = Lists::new(lists, former);
        for anchors in trust.sets() {
            lists.prove_by_anchors(anchors, algorithms);
        }
        let lists = Arc::new(lists);
        Self { lists, ..self }
    }

    /// Returns the lists for the next revision, which verifies signatures by the same algorithms.
    pub(in crate::policy) fn former_lists(&self, is_trust_shared: bool) -> FormerLists<'_> {
        FormerLists {
            lists: &self.lists,
            is_trust_shared,
        }
    }

    /// Returns the lists without a known signer: a trust anchor or a CA of an authenticated path.
    pub(in crate::policy) fn unclaimed(&self) -> impl Iterator<Item = &Arc<RevocationList>> {
        self.lists.unclaimed().map(List::shared_content)
    }
}
