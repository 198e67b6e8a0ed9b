//! The order in which anchors of one name are tried.

use super::anchor_facts::AnchorFacts;
use crate::x509::Certificate;

/// The most keys that are moved to the front. Other keys rarely have the same identifier.
const MAX_NAMED_KEYS: usize = 16;

/// Moves the anchors whose keys the children name by their authorityKeyIdentifier to the front.
///
/// webpki tries one anchor after the other, and each costs signatures. All of them stay candidates:
/// an identifier proves nothing, and may be wrong. Anchors of one key keep their order among
/// themselves, since a signature that one of them verifies, all verify. So the first anchor that
/// verifies a path is the same as without this order, and so is the last, which a rejection is
/// about.
pub(super) fn put_named_keys_first<'c, 'd: 'c, I: Iterator<Item = &'c Certificate<'d>>>(
    namesakes: &mut [&AnchorFacts],
    children: impl FnOnce() -> I,
) {
    if namesakes.len() < 2 {
        return;
    }
    let identifiers: Vec<&[u8]> = children()
        .filter_map(|child| child.authority_key().ok().flatten())
        .collect();
    let mut keys: Vec<&[u8]> = Vec::new();
    for facts in namesakes.iter() {
        let own = facts.key_identifier();
        let is_named = own.is_some_and(|own| identifiers.contains(&own));
        if is_named && keys.len() < MAX_NAMED_KEYS && !keys.contains(&facts.key()) {
            keys.push(facts.key());
        }
    }
    if !keys.is_empty() {
        namesakes.sort_by_key(|facts| !keys.contains(&facts.key()));
    }
}
