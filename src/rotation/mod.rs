//! Revisions: what a client or server is at one moment, published as a whole.
//!
//! A [`Service`] has the current one. [`Rotation`]s lead to the next: given by hand, or by a
//! [`Source`] that the keeper asks on a thread of its own.

#[cfg(feature = "watch")]
mod files;
mod parts;
mod publish_checks;
mod revision;
mod rotation;
mod service;
mod settings;
mod source;
mod status;

use std::sync::Arc;

use crate::backend::SourceDeadline;
use crate::error::BuildError;
use revision::Make;

#[cfg(feature = "watch")]
pub use files::FileSource;
pub(crate) use parts::Parts;
pub(crate) use revision::{Made, Revision};
pub use rotation::Rotation;
pub(crate) use service::Service;
pub(crate) use settings::RotationSettings;
pub use settings::{OnExpiry, OnSourceLost, SelfTrust};
pub(crate) use source::baseline::Given;
pub(crate) use source::poller::ask;
pub use source::reload_trigger::Reload;
pub use source::{Source, SourceError};
pub use status::Status;
pub use status::channel::StatusWatch;

/// Publishes the first revision, and starts the thread that polls the source, where there is one.
pub(crate) fn start<C: Send + Sync + 'static>(
    parts: Parts,
    make: Make<C>,
    settings: RotationSettings,
    bell: Reload,
    deadline: Arc<SourceDeadline>,
) -> Result<Arc<Service<C>>, BuildError> {
    let service = Service::new(parts, make, &settings, bell, deadline)?;
    source::poller::start(&service, settings)?;
    service.tell_unclaimed_lists();
    Ok(service)
}
