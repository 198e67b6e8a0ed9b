use core::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::handle::RotationHandle;

/// A value that is made anew when our identity or trust has changed.
///
/// It is for pools of connections of other libraries. They keep a connection, with the certificate
/// that it presented, for as long as it is used. A pool that is made anew opens new connections,
/// and the old one ends when the last request on it ends. It is made by [`get`](Self::get), so the
/// old one stays while nothing is requested. [`RotationHandle::per_revision`] makes
/// it; cloning is cheap.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let client = pki::client_builder().build(mtls::Rustls::default())?;
/// # struct Pool;
/// # impl Pool { fn new(_: std::sync::Arc<rustls::ClientConfig>) -> std::io::Result<Self> { Ok(Self) } }
/// use std::sync::Arc;
///
/// let config = client.live_config();
/// let pool = client.handle().per_revision(move || Pool::new(Arc::clone(&config)).map(Arc::new))?;
/// let first = pool.get();
/// assert!(Arc::ptr_eq(&first, &pool.get()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PerRevision<T>(Arc<Inner<T>>);

struct Inner<T> {
    handle: RotationHandle,
    make: Box<dyn Fn() -> Option<T> + Send + Sync>,
    /// The value, and the revision up to which it holds.
    current: Mutex<(u64, T)>,
}

impl RotationHandle {
    /// Makes a value that is made anew when our identity or trust has changed.
    ///
    /// `make` is called at once, and by [`PerRevision::get`]. It is for clients with a pool of
    /// connections, which go on with the old certificate otherwise.
    ///
    /// # Errors
    /// That of `make`.
    pub fn per_revision<T: Clone, E>(
        &self,
        make: impl Fn() -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<PerRevision<T>, E> {
        PerRevision::new(self, make)
    }
}

impl<T: Clone> PerRevision<T> {
    fn new<E>(
        handle: &RotationHandle,
        make: impl Fn() -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<Self, E> {
        // Before it is made, so that a rotation during it counts.
        let changed_at = handle.changed_at();
        let first = make()?;
        Ok(Self(Arc::new(Inner {
            handle: handle.clone(),
            make: Box::new(move || make().ok()),
            current: Mutex::new((changed_at, first)),
        })))
    }

    /// Returns the value, which is made anew after a revision that changed our identity or trust.
    ///
    /// If that fails, the former value stays, and the next call tries again. Other callers wait
    /// while it is made.
    pub fn get(&self) -> T {
        let changed_at = self.0.handle.changed_at();
        let mut current = self
            .0
            .current
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut former = None;
        if current.0 < changed_at
            && let Some(next) = (self.0.make)()
        {
            former = Some(core::mem::replace(&mut *current, (changed_at, next)));
        }
        let value = current.1.clone();
        drop(current);
        // Outside the lock: the last clone of a pool closes connections.
        drop(former);
        value
    }
}

impl<T> Clone for PerRevision<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for PerRevision<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerRevision")
            .field("handle", &self.0.handle)
            .finish_non_exhaustive()
    }
}
