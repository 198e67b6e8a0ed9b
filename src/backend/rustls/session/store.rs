use core::borrow::Borrow;
use core::hash::Hash;
use std::collections::{BTreeMap, HashMap};

/// A map of limited size, which removes its oldest entries.
pub(super) struct SessionStore<K, V> {
    room: usize,
    /// The number of the next entry.
    next: u64,
    kept: HashMap<K, (u64, V)>,
    /// From the oldest entry.
    order: BTreeMap<u64, K>,
}

impl<K: Clone + Eq + Hash, V> SessionStore<K, V> {
    pub(super) fn new(room: usize) -> Self {
        Self {
            room,
            next: 0,
            kept: HashMap::new(),
            order: BTreeMap::new(),
        }
    }

    pub(super) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.kept.get(key).map(|(_, value)| value)
    }

    pub(super) fn get_mut<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.kept.get_mut(key).map(|(_, value)| value)
    }

    pub(super) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (number, value) = self.kept.remove(key)?;
        self.order.remove(&number);
        Some(value)
    }

    /// Adds the newest entry, in place of one with the same key.
    pub(super) fn put(&mut self, key: K, value: V) {
        self.remove(&key);
        while self.kept.len() >= self.room && self.drop_oldest() {}
        self.order.insert(self.next, key.clone());
        self.kept.insert(key, (self.next, value));
        self.next = self.next.wrapping_add(1);
    }

    /// Removes the oldest entries that are `over`, up to the first that is not.
    pub(super) fn sweep(&mut self, over: impl Fn(&V) -> bool) {
        while self.oldest().is_some_and(&over) && self.drop_oldest() {}
    }

    fn oldest(&self) -> Option<&V> {
        let (_, key) = self.order.first_key_value()?;
        self.get(key)
    }

    fn drop_oldest(&mut self) -> bool {
        match self.order.pop_first() {
            Some((_, key)) => self.kept.remove(&key).is_some(),
            None => false,
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        assert_eq!(self.kept.len(), self.order.len());
        self.kept.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_make_way() {
        let mut store = SessionStore::new(2);
        store.put("a", 1);
        store.put("b", 2);
        store.put("a", 3);
        store.put("c", 4);
        assert_eq!((store.get("a"), store.get("b")), (Some(&3), None));
        assert_eq!((store.get("c"), store.len()), (Some(&4), 2));
        assert_eq!((store.remove("a"), store.remove("a")), (Some(3), None));
        assert_eq!(store.len(), 1);
    }

    #[test]
    fn a_sweep_ends_at_the_first_that_stays() {
        let mut store = SessionStore::new(8);
        for (key, value) in [("a", 1), ("b", 2), ("c", 9), ("d", 1)] {
            store.put(key, value);
        }
        store.sweep(|value| *value < 5);
        assert_eq!((store.len(), store.get("d")), (2, Some(&1)));
        store.sweep(|_| true);
        assert_eq!(store.len(), 0);
    }
}
