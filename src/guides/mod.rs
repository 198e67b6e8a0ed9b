//! Guides: what an operator does, in which order, and what this crate reports.

#[doc = include_str!("ca_rotation.md")]
pub mod ca_rotation {}

#[doc = include_str!("client_auth.md")]
pub mod client_auth {}

#[doc = include_str!("kubernetes.md")]
pub mod kubernetes {}
