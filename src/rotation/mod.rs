//! Revisions: what a client or server is at one moment, published as a whole.
//!
//! A [`Service`] has the current one. [`Rotation`]s lead to the next: given by hand, or by a
//! [`Source`] that the keeper asks on a thread of its own.

mod alarm;
mod board;
mod change;
mod check;
mod expiry;
#[cfg(feature = "watch")]
mod files;
mod given;
mod keeper;
#[cfg_attr(
    not(feature = "tokio"),
    allow(
        dead_code,
        unused_imports,
        reason = "what wakes the tasks of asynchronous streams"
    )
)]
mod live;
mod parts;
mod revision;
mod service;
mod settings;
mod source;
mod status;
mod warnings;

pub use alarm::Reload;
pub use board::StatusWatch;
pub use change::Rotation;
#[cfg(feature = "watch")]
pub use files::FileSource;
pub(crate) use given::Given;
pub(crate) use keeper::ask;
#[cfg(feature = "tokio")]
pub(crate) use live::Task;
pub(crate) use live::{Attached, Closer};
pub use live::{LiveConnection, LiveConnections};
pub(crate) use parts::Parts;
pub(crate) use revision::{Made, Revision};
pub(crate) use service::Service;
pub(crate) use settings::RotationSettings;
pub use settings::{OnExpiry, OnSourceLost, SelfTrust};
pub use source::{Source, SourceError};
pub use status::Status;
