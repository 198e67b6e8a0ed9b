//! The signatures that were met once.

use core::hash::BuildHasherDefault;
use core::mem;
use std::collections::HashSet;

use crate::bounded_table::AsItIs;

/// The hashes of the last signatures that have verified once.
///
/// What a signature is about is not kept, so this proves nothing. When the newer half is full, the
/// older one makes room for it.
pub(super) struct MetOnce {
    newer: Hashes,
    older: Hashes,
    /// The most hashes of a half.
    room: usize,
}

type Hashes = HashSet<u64, BuildHasherDefault<AsItIs>>;

/// What a hash takes in a set, at most.
const HASH: usize = 24;

impl MetOnce {
    pub(super) fn with_max_bytes(bytes: usize) -> Self {
        Self {
            newer: Hashes::default(),
            older: Hashes::default(),
            room: bytes / HASH / 2,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let hashes = self.newer.len().saturating_add(self.older.len());
        hashes.saturating_mul(HASH)
    }

    pub(super) fn has(&self, hash: u64) -> bool {
        self.newer.contains(&hash) || self.older.contains(&hash)
    }

    pub(super) fn add(&mut self, hash: u64) {
        if self.newer.len() >= self.room {
            mem::swap(&mut self.newer, &mut self.older);
            self.newer.clear();
        }
        if self.room > 0 {
            self.newer.insert(hash);
        }
    }

    pub(super) fn remove(&mut self, hash: u64) {
        self.newer.remove(&hash);
        self.older.remove(&hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_hashes_stay_and_the_first_go() {
        let mut met_once = MetOnce::with_max_bytes(8 * HASH);
        for hash in 1..=100_u64 {
            assert!(!met_once.has(hash));
            met_once.add(hash);
            for late in hash.saturating_sub(3).max(1)..=hash {
                assert!(met_once.has(late), "{late} after {hash}");
            }
            assert!(met_once.bytes() <= 8 * HASH);
        }
        assert!(!met_once.has(92));
        for hash in [95, 100] {
            met_once.remove(hash);
            assert!(!met_once.has(hash));
        }
    }

    #[test]
    fn without_room_nothing_is_kept() {
        let mut met_once = MetOnce::with_max_bytes(0);
        met_once.add(1);
        assert!(!met_once.has(1));
        assert_eq!(met_once.bytes(), 0);
    }
}
