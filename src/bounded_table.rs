//! A map of limited size that keeps what is in use.

use core::hash::{BuildHasherDefault, Hasher};
use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

/// A map of at most so many bytes, in which a new entry takes the place of those that were not
/// found lately ("second chance").
///
/// A key is the hash of what an entry is about, by a secret of its owner: entries of the same hash
/// replace each other, and `find` compares the rest. Finding an entry takes a shared lock alone.
pub(crate) struct BoundedTable<V> {
    max_bytes: usize,
    entries: RwLock<Entries<V>>,
}

struct Entries<V> {
    /// Indices into `slots`.
    index: HashMap<u64, usize, BuildHasherDefault<AsItIs>>,
    slots: Vec<Slot<V>>,
    bytes: usize,
    /// The slot that is tried next when room is needed.
    hand: usize,
}

struct Slot<V> {
    hash: u64,
    value: V,
    bytes: usize,
    /// Whether it was found since the hand passed it.
    is_used: AtomicBool,
}

/// What an entry takes beside its value: the slot and its place in the index.
const OVERHEAD: usize = 64;

impl<V> BoundedTable<V> {
    /// Makes an empty table; memory is taken as entries come.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            entries: RwLock::new(Entries {
                index: HashMap::default(),
                slots: Vec::new(),
                bytes: 0,
                hand: 0,
            }),
        }
    }

    /// Returns the bytes of all entries.
    pub(crate) fn bytes(&self) -> usize {
        self.read().bytes
    }

    /// Returns what `look` makes of the value with this hash.
    ///
    /// `None` from `look` is no use of the entry. `look` must not use the table.
    pub(crate) fn find<T>(&self, hash: u64, look: impl FnOnce(&V) -> Option<T>) -> Option<T> {
        let entries = self.read();
        let slot = entries.slots.get(*entries.index.get(&hash)?)?;
        let found = look(&slot.value)?;
        // Only the first use writes, so that readers on other cores keep their copy of the line.
        if !slot.is_used.load(Ordering::Relaxed) {
            slot.is_used.store(true, Ordering::Relaxed);
        }
        Some(found)
    }

    /// Puts in a value of so many bytes, in place of one with the same hash and of those that are
    /// not in use.
    ///
    /// A value that has no room at all is dropped.
    pub(crate) fn put(&self, hash: u64, value: V, bytes: usize) {
        let slot = Slot {
            hash,
            value,
            bytes: bytes
                .saturating_add(size_of::<V>())
                .saturating_add(OVERHEAD),
            is_used: AtomicBool::new(false),
        };
        if slot.bytes <= self.max_bytes {
            let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
            entries.put(slot, self.max_bytes);
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Entries<V>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Entries<V> {
    fn put(&mut self, slot: Slot<V>, max_bytes: usize) {
        if let Some(&place) = self.index.get(&slot.hash) {
            self.remove(place);
        }
        while self.bytes.saturating_add(slot.bytes) > max_bytes && !self.slots.is_empty() {
            let place = self.unused();
            self.remove(place);
        }
        self.bytes = self.bytes.saturating_add(slot.bytes);
        self.index.insert(slot.hash, self.slots.len());
        self.slots.push(slot);
    }

    /// Returns a slot that was not found since the hand passed it last; it passes each at most
    /// twice.
    fn unused(&mut self) -> usize {
        loop {
            let place = if self.hand < self.slots.len() {
                self.hand
            } else {
                0
            };
            self.hand = place.saturating_add(1);
            match self.slots.get_mut(place) {
                Some(slot) if slot.is_used.swap(false, Ordering::Relaxed) => {}
                _ => return place,
            }
        }
    }

    fn remove(&mut self, place: usize) {
        let removed = self.slots.swap_remove(place);
        self.index.remove(&removed.hash);
        self.bytes = self.bytes.saturating_sub(removed.bytes);
        if let Some(moved) = self.slots.get(place) {
            self.index.insert(moved.hash, place);
        }
    }
}

/// Takes a hash as it is.
#[derive(Default)]
pub(crate) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    /// Not used: keys are `u64`.
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Room for so many values of 36 bytes.
    fn table(entries: usize) -> BoundedTable<u32> {
        BoundedTable::new(entries * (36 + 4 + OVERHEAD))
    }

    fn put(table: &BoundedTable<u32>, key: u32) {
        table.put(key.into(), key, 36);
    }

    fn has(table: &BoundedTable<u32>, key: u32) -> bool {
        table
            .find(key.into(), |value| (*value == key).then_some(()))
            .is_some()
    }

    fn len(table: &BoundedTable<u32>) -> usize {
        let entries = table.entries.read().unwrap();
        assert_eq!(entries.index.len(), entries.slots.len());
        assert_eq!(
            entries.bytes,
            entries.slots.iter().map(|slot| slot.bytes).sum::<usize>()
        );
        assert!(entries.bytes <= table.max_bytes);
        entries.slots.len()
    }

    #[test]
    fn what_is_in_use_stays() {
        let table = table(4);
        for key in 0..4 {
            put(&table, key);
        }
        for new in 4..100 {
            assert!(has(&table, 1), "after {new}");
            put(&table, new);
            assert_eq!(len(&table), 4);
        }
        assert!(has(&table, 1) && has(&table, 99) && !has(&table, 0));
    }

    #[test]
    fn a_table_in_full_use_takes_new_entries() {
        let table = table(3);
        for key in 0..50 {
            put(&table, key);
            assert!(has(&table, key));
        }
        assert_eq!(len(&table), 3);
    }

    #[test]
    fn a_hash_has_one_value() {
        let table = table(2);
        table.put(1, 10, 36);
        table.put(1, 11, 30);
        assert_eq!(
            (len(&table), table.find(1, |value| Some(*value))),
            (1, Some(11))
        );
    }

    #[test]
    fn a_large_value_takes_the_place_of_several() {
        let table = table(4);
        for key in 0..4 {
            put(&table, key);
        }
        table.put(9, 9, table.max_bytes * 3 / 4 - 4 - OVERHEAD);
        assert!(has(&table, 9));
        assert_eq!(len(&table), 2);
        table.put(10, 10, table.max_bytes);
        assert!(!has(&table, 10) && has(&table, 9));
    }

    #[test]
    fn without_room_nothing_is_kept() {
        let table = table(0);
        put(&table, 1);
        assert_eq!((len(&table), table.bytes()), (0, 0));
        assert!(!has(&table, 1));
    }

    #[test]
    fn a_value_that_is_passed_over_is_not_in_use() {
        let table = table(1);
        put(&table, 1);
        assert_eq!(table.find(1, |_| None::<()>), None);
        put(&table, 2);
        assert!(!has(&table, 1) && has(&table, 2));
    }
}
