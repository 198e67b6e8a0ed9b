use core::fmt;
use std::sync::Arc;

use super::error::RotationError;
use super::rotation::Rotation;
use super::service::Service;
use super::source::reload_trigger::ReloadTrigger;
use super::status::Status;
use super::status::channel::StatusChanges;

/// A handle that rotates one client or server and shows its status.
///
/// Cloning is cheap. A handle keeps the client or server, with its source, alive.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let server = pki::server_builder().build(mtls::Rustls::default())?;
/// # let anchors = mtls::TrustAnchors::join([pki::anchors(), pki::anchors()])?;
/// use mtls::Rotation;
///
/// let handle = server.handle();
/// let mut changes = handle.status_changes();
/// let revision = handle.rotate(Rotation::new().trust_anchors(anchors))?;
/// assert_eq!((revision, handle.status().revision()), (2, 2));
/// let status = changes.wait(std::time::Duration::from_secs(1)).expect("a change");
/// assert_eq!((status.rotations(), handle.tracked_connections()), (1, 0));
/// handle.reload(); // polls a source, if there is one
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct RotationHandle(Arc<dyn Revisions>);

/// A [`Service`], independent of the backend's configuration.
trait Revisions: Send + Sync {
    fn rotate(&self, rotation: Rotation) -> Result<u64, RotationError>;
    fn reload(&self);
    fn status(&self) -> Status;
    fn status_changes(&self) -> StatusChanges;
    fn tracked_connections(&self) -> usize;
    fn changed_at(&self) -> u64;
    fn trigger(&self) -> ReloadTrigger;
}

impl<C: Send + Sync + 'static> Revisions for Service<C> {
    fn rotate(&self, rotation: Rotation) -> Result<u64, RotationError> {
        Self::rotate(self, rotation)
    }

    fn reload(&self) {
        Self::reload(self);
    }

    fn status(&self) -> Status {
        Self::status(self)
    }

    fn status_changes(&self) -> StatusChanges {
        Self::status_changes(self)
    }

    fn tracked_connections(&self) -> usize {
        self.live().len()
    }

    fn changed_at(&self) -> u64 {
        self.load().changed_at
    }

    fn trigger(&self) -> ReloadTrigger {
        Self::trigger(self).clone()
    }
}

impl RotationHandle {
    pub(crate) fn new<C: Send + Sync + 'static>(service: &Arc<Service<C>>) -> Self {
        Self(Arc::<Service<C>>::clone(service))
    }

    /// Builds the next revision from the changes in `rotation`, and publishes it as a whole.
    ///
    /// Returns the number of the revision that serves then: the same as before if nothing changes.
    ///
    /// A handshake runs under one revision from its first byte to its last. Handshakes that have
    /// begun finish under their own revision. Handshakes that begin later use the new one, and no
    /// session of an earlier revision is resumed. Rotations run one at a time; handshakes never
    /// block on one. A snapshot from `config()` keeps the revision that it was taken from.
    ///
    /// # Errors
    /// [`RotationError`], and nothing has changed: the errors of `build`, and for what is new also
    /// an identity that is not valid now, trust anchors of which none is valid, revocation lists
    /// that do not replace those in force, and a change after which our own trust anchors do not
    /// authenticate our own identity any more (see [`SelfTrust`](super::SelfTrust)).
    pub fn rotate(&self, rotation: Rotation) -> Result<u64, RotationError> {
        self.0.rotate(rotation)
    }

    /// Polls the [`Source`](crate::Source) again, on its own thread, as soon as possible.
    ///
    /// Without a source this does nothing.
    pub fn reload(&self) {
        self.0.reload();
    }

    /// Returns which revision serves, until when it can, and what has gone wrong since.
    pub fn status(&self) -> Status {
        self.0.status()
    }

    /// Returns a receiver of changes of the [`status`](Self::status) after this call.
    ///
    /// It waits on a thread or on any runtime.
    pub fn status_changes(&self) -> StatusChanges {
        self.0.status_changes()
    }

    /// The newest revision that changed our identity or trust.
    pub(super) fn changed_at(&self) -> u64 {
        self.0.changed_at()
    }

    /// What wakes the thread that polls the source. It does not keep the service alive.
    #[allow(dead_code, reason = "signals are received by tokio, which is optional")]
    pub(crate) fn trigger(&self) -> ReloadTrigger {
        self.0.trigger()
    }

    /// Returns how many connections are tracked now.
    pub fn tracked_connections(&self) -> usize {
        self.0.tracked_connections()
    }
}

impl fmt::Debug for RotationHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RotationHandle")
            .field("revision", &self.status().revision())
            .finish_non_exhaustive()
    }
}
