//! Limits that hold in every policy.

/// The most intermediates of a path; rustls-webpki tries no longer paths.
pub(crate) const MAX_INTERMEDIATES: usize = 6;
/// The most bytes of CA names in a server's certificate request.
pub(crate) const MAX_CA_NAMES_BYTES: usize = 16 * 1024;
