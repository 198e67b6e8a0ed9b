//! Limits that hold in every policy.

/// The most intermediates that a path may have: rustls-webpki tries no longer ones.
pub(crate) const MAX_INTERMEDIATES: usize = 6;
