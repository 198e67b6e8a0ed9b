//! Limits that hold in every policy.

/// The most intermediates of a path; rustls-webpki tries no longer paths.
pub(crate) const MAX_INTERMEDIATES: usize = 6;
