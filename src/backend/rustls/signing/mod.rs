//! Signing with an external key.

pub(super) mod external_key;
pub(super) mod failure;
pub(super) mod scheme;
