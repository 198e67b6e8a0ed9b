//! Serial numbers by look-up, with no copy of them.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use crate::x509::{CrlEntry, CrlError, CrlView};

/// A hash table of places in the list's own bytes: 6 bytes for each entry. Its keys are random in each process, and of
/// entries with one serial number the first alone has a place, so that nobody can write a list that is slow to look up in.
pub(super) struct Serials {
    /// One more than the place where an entry begins, or 0 for an empty slot. Never full.
    slots: Box<[u32]>,
    hasher: RandomState,
    count: usize,
}

impl Serials {
    /// Reads every entry of the list.
    pub(super) fn of(list: &CrlView<'_>) -> Result<Self, CrlError> {
        let mut places = Vec::new();
        for entry in list.entries()? {
            let (place, entry) = entry?;
            let place = u32::try_from(place).map_err(|_| CrlError::TooLong)?;
            places.push((place, entry.serial));
        }
        // Three slots for two entries.
        let room = places
            .len()
            .saturating_add(places.len() / 2)
            .saturating_add(1);
        let mut serials = Self {
            slots: vec![0; room].into(),
            hasher: RandomState::new(),
            count: places.len(),
        };
        for (place, serial) in places {
            serials.insert(list.revoked, place, serial);
        }
        Ok(serials)
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The entry of this serial number; the first, should there be several.
    pub(super) fn find<'a>(&self, revoked: &'a [u8], serial: &[u8]) -> Option<CrlEntry<'a>> {
        let (from, to) = self.probe(serial);
        from.iter()
            .chain(to)
            .take_while(|slot| **slot != 0)
            .filter_map(|slot| entry_in(revoked, *slot))
            .find(|entry| entry.serial == serial)
    }

    fn insert(&mut self, revoked: &[u8], place: u32, serial: &[u8]) {
        let start = self.start(serial);
        let (before, from) = self.slots.split_at_mut(start);
        for slot in from.iter_mut().chain(before) {
            if *slot == 0 {
                *slot = place.saturating_add(1);
                return;
            }
            if entry_in(revoked, *slot).is_some_and(|entry| entry.serial == serial) {
                return;
            }
        }
    }

    /// The slots in the order of search: those from the start on, then those before.
    fn probe(&self, serial: &[u8]) -> (&[u32], &[u32]) {
        let (before, from) = self.slots.split_at(self.start(serial));
        (from, before)
    }

    /// The hash brought down to the number of slots by its upper bits; less than that number.
    fn start(&self, serial: &[u8]) -> usize {
        let hash = u128::from(self.hasher.hash_one(serial));
        let slots = self.slots.len() as u128;
        usize::try_from(hash.saturating_mul(slots) >> 64).unwrap_or_default()
    }
}

/// The entry that a slot stands for.
fn entry_in(revoked: &[u8], slot: u32) -> Option<CrlEntry<'_>> {
    let place = usize::try_from(slot.checked_sub(1)?).ok()?;
    CrlEntry::at(revoked.get(place..)?).ok()
}
