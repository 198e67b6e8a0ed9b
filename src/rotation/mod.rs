//! Revisions: what a client or server is at one moment, published as a whole.

mod alarm;
mod change;
mod revision;
mod source;

pub use alarm::Reload;
pub use change::Rotation;
pub(crate) use revision::{Current, Revision};
pub use source::{Source, SourceError};
