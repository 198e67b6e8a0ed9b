//! The fields of a configuration, as they are written.

mod given;
pub(super) mod identity;
pub(super) mod input;
pub(super) mod listener;
pub(super) mod matcher;
pub(super) mod policy;
pub(super) mod secret;
pub(super) mod settings;
pub(super) mod value;
