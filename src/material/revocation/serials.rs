//! An index of serial numbers that does not copy them.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use crate::error::RevocationListFault;
use crate::x509::{CrlEntry, CrlError, CrlView};

/// A hash table of offsets into the list's own bytes, with 6 bytes for each entry.
///
/// The hash keys are random in each process, and only the first entry of a serial number has a
/// slot, so that no list can be crafted to make look-ups slow.
pub(super) struct Serials {
    /// One more than the offset of an entry, or 0 for an empty slot. Never full.
    slots: Box<[u32]>,
    hasher: RandomState,
    count: usize,
}

impl Serials {
    /// Indexes every entry of the list.
    pub(super) fn of(list: &CrlView<'_>) -> Result<Self, CrlError> {
        let mut places = Vec::new();
        for entry in list.entries()? {
            let (place, entry) = entry?;
            let place =
                u32::try_from(place).map_err(|_| CrlError::Unfit(RevocationListFault::TooLong))?;
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

    /// Returns the first entry of this serial number.
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

    /// Returns the slots in the order of search: those from the start on, then those before it.
    fn probe(&self, serial: &[u8]) -> (&[u32], &[u32]) {
        let (before, from) = self.slots.split_at(self.start(serial));
        (from, before)
    }

    /// Returns the first slot to search: the upper bits of the hash, scaled to the number of slots.
    fn start(&self, serial: &[u8]) -> usize {
        let hash = u128::from(self.hasher.hash_one(serial));
        let slots = self.slots.len() as u128;
        usize::try_from(hash.saturating_mul(slots) >> 64).unwrap_or_default()
    }
}

/// Returns the entry of a slot.
fn entry_in(revoked: &[u8], slot: u32) -> Option<CrlEntry<'_>> {
    let place = usize::try_from(slot.checked_sub(1)?).ok()?;
    CrlEntry::at(revoked.get(place..)?).ok()
}
