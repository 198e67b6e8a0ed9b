//! Values that are replaced while they are in use.

use core::fmt;
use std::mem;
use std::sync::{Arc, PoisonError, RwLock};

/// A value that is replaced while others read it.
///
/// Readers wait for no more than the replacement of a pointer.
pub(crate) struct Current<T>(RwLock<Arc<T>>);

impl<T> Current<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(RwLock::new(Arc::new(value)))
    }

    pub(crate) fn load(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn store(&self, next: Arc<T>) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let former = mem::replace(&mut *current, next);
        drop(current);
        // Without the lock: the value may be large.
        drop(former);
    }
}

impl<T: Default> Default for Current<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Current<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.load().fmt(f)
    }
}
