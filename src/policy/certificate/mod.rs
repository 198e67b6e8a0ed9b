//! Checks of one certificate at a time.

pub(crate) mod extensions;
pub(crate) mod form;
pub(crate) mod key_identifiers;
pub(crate) mod key_usage;
pub(crate) mod leaf;
pub(crate) mod name_constraints;
pub(crate) mod public_key;
pub(crate) mod validity;
pub(crate) mod web_pki;
