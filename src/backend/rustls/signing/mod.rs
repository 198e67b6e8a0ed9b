//! Signing by a key that is elsewhere.

pub(super) mod external_key;
pub(super) mod failure;
pub(super) mod scheme;
