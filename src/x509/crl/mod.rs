//! A borrowed, strict view of one certificate revocation list (RFC 5280, section 5).

mod decode;
mod entry;
mod error;
mod scope;
mod view;

pub(crate) use entry::CrlEntry;
pub(crate) use error::CrlError;
pub(crate) use scope::{CrlScope, Exclusion, Reasons};
pub(crate) use view::CrlView;
