use std::collections::HashMap;

use super::anchor_facts::AnchorFacts;

/// The facts of another set, found by the bytes of the certificates.
pub(super) struct KnownFacts<'a> {
    facts: &'a [AnchorFacts],
    /// The index of the next one, where the new set goes on as the former one.
    next: usize,
    /// By the last bytes of the certificates, which are of their signatures; made if an anchor is
    /// not at the next place.
    by_end: Option<HashMap<&'a [u8], usize>>,
}

impl<'a> KnownFacts<'a> {
    pub(super) fn of(facts: &'a [AnchorFacts]) -> Self {
        Self {
            facts,
            next: 0,
            by_end: None,
        }
    }

    pub(super) fn find(&mut self, der: &[u8]) -> Option<&'a AnchorFacts> {
        let has = |facts: &AnchorFacts| **facts.der() == *der;
        let mut index = self.next;
        if !self.facts.get(index).is_some_and(has) {
            let all = self.facts.iter().enumerate();
            let by_end = self
                .by_end
                .get_or_insert_with(|| all.map(|(at, facts)| (end_of(facts.der()), at)).collect());
            index = *by_end.get(end_of(der))?;
        }
        let found = self.facts.get(index).filter(|facts| has(facts))?;
        self.next = index.saturating_add(1);
        Some(found)
    }
}

fn end_of(der: &[u8]) -> &[u8] {
    const LENGTH: usize = 16;
    der.last_chunk::<LENGTH>().map_or(der, |end| end)
}
