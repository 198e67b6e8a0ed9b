//! Values that were met lately.

use core::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

/// How many values are kept.
const SLOTS: usize = 32;

/// Values that were met lately, so that equal ones of many connections take memory once.
pub(crate) struct Recent<T> {
    slots: [RwLock<Option<Arc<T>>>; SLOTS],
    hasher: BuildHasherDefault<Mixer>,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self {
            slots: Default::default(),
            hasher: BuildHasherDefault::new(),
        }
    }
}

impl<T> Recent<T> {
    /// Returns the equal value that was met before, or this one.
    pub(crate) fn share(&self, value: T) -> Arc<T>
    where
        T: Eq + Hash,
    {
        let hash = self.hasher.hash_one(&value);
        self.find(hash, |known| *known == value)
            .unwrap_or_else(|| self.put(hash, value))
    }

    /// Returns the value that `is` the borrowed one and was met before, or makes it.
    pub(crate) fn share_borrowed<Q: Hash + ?Sized>(
        &self,
        value: &Q,
        is: impl FnOnce(&T) -> bool,
        own: impl FnOnce() -> T,
    ) -> Arc<T> {
        let hash = self.hasher.hash_one(value);
        self.find(hash, is).unwrap_or_else(|| self.put(hash, own()))
    }

    fn find(&self, hash: u64, is: impl FnOnce(&T) -> bool) -> Option<Arc<T>> {
        let slot = self.slot(hash)?.read();
        let known = slot.unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|known| is(known)).cloned()
    }

    fn put(&self, hash: u64, value: T) -> Arc<T> {
        let value = Arc::new(value);
        if let Some(slot) = self.slot(hash) {
            let mut slot = slot.write().unwrap_or_else(PoisonError::into_inner);
            *slot = Some(Arc::clone(&value));
        }
        value
    }

    fn slot(&self, hash: u64) -> Option<&RwLock<Option<Arc<T>>>> {
        let place = hash.checked_rem(SLOTS as u64)?;
        self.slots.get(usize::try_from(place).ok()?)
    }
}

/// Mixes a word at a time, since whole certificates are hashed.
///
/// It has no secret: a peer that wants others out of the few slots can fill them with any values.
#[derive(Default)]
struct Mixer(u64);

/// A large odd number without a pattern.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        // The high bits depend on all others.
        self.0.rotate_left(32)
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.write_u64(u64::from_ne_bytes(*word));
        }
        for byte in rest {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_one_and_others_are_not() {
        let recent = Recent::default();
        for number in 0..100 {
            let text = number.to_string();
            let value = recent.share(text.clone());
            assert_eq!(*value, text);
            assert!(Arc::ptr_eq(&value, &recent.share(text.clone())));
            let is = |known: &String| *known == text;
            let other = recent.share_borrowed(&text, is, || panic!("it is known"));
            assert!(Arc::ptr_eq(&value, &other));
        }
    }
}
