//! Revisions: the identity, trust, lists and policy in force, published as a whole.
//!
//! A [`Rotation`] leads to the next one: by hand through a [`RotationHandle`], or from a [`Source`]
//! that is polled on a thread of its own.

pub(crate) mod error;
#[cfg(feature = "watch")]
pub(crate) mod files;
mod handle;
mod parts;
mod per_revision;
mod publish_checks;
mod revision;
#[expect(
    clippy::module_inception,
    reason = "a file is called what its type is called"
)]
pub(crate) mod rotation;
mod service;
mod settings;
pub(crate) mod source;
pub(crate) mod status;

use std::sync::Arc;

use crate::backend::SourceDeadline;
use crate::policy::BuildError;
use revision::ConfigFactory;

pub use handle::RotationHandle;
pub(crate) use parts::RevisionParts;
pub use per_revision::PerRevision;
pub(crate) use revision::{BackendConfig, Revision};
pub(crate) use rotation::Rotation;
pub(crate) use service::Service;
pub use settings::{OnExpiry, OnSourceLost, OnWithdrawal, SelfTrust, SelfValidity};
pub(crate) use settings::{RotationSettings, SourceSlot};
pub(crate) use source::Source;
pub use source::SourceError;
pub(crate) use source::baseline::SourceBaseline;
pub(crate) use source::poller::{FIRST_RETRY, SHORTEST_PAUSE, ask};
pub use source::reload_trigger::ReloadTrigger;
pub use status::channel::StatusChanges;

/// Publishes the first revision, and starts the thread that polls the source, where there is one.
pub(crate) fn start<C: Send + Sync + 'static>(
    parts: RevisionParts,
    make: ConfigFactory<C>,
    settings: RotationSettings,
    source: Option<Box<dyn Source>>,
    trigger: ReloadTrigger,
    deadline: Arc<SourceDeadline>,
) -> Result<Arc<Service<C>>, BuildError> {
    let service = Service::new(parts, make, &settings, trigger, deadline)?;
    source::poller::start(&service, source, settings)?;
    service.report_unclaimed_lists();
    Ok(service)
}
