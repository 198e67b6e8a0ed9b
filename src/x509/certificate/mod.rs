//! A borrowed, strict view of one X.509 certificate (RFC 5280, section 4.1).
//!
//! Each group of extensions has a file with the accessors of [`Certificate`] that decode it.

mod authority_access;
mod error;
pub(super) mod extension;
mod extension_access;
mod general_name;
mod key_identifier;
mod outline;
mod test_marker;
mod view;

pub(crate) use error::{Version, X509Error};
pub(crate) use extension::{Extension, purpose_name};
pub(crate) use general_name::GeneralName;
pub(crate) use outline::Outline;
pub(crate) use view::Certificate;
