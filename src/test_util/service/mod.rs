//! Assertions about a service at any address, from outside.

mod faults;
mod presenter;
mod revocation;
mod rotation;
mod verdict;
mod visit;
mod visitor;

pub use faults::assert_rejects_all;
pub use revocation::assert_rejects_revoked_within;
pub use rotation::assert_follows_rotation;
