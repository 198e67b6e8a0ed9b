//! Guides: loading material, verifying peers, and what an operator does, in which order.

#[doc = include_str!("ca_rotation.md")]
pub mod ca_rotation {}

#[doc = include_str!("client_auth.md")]
pub mod client_auth {}

#[doc = include_str!("configuration.md")]
pub mod configuration {}

#[doc = include_str!("gateways.md")]
pub mod gateways {}

#[doc = include_str!("integrations.md")]
pub mod integrations {}

#[doc = include_str!("kubernetes.md")]
pub mod kubernetes {}

#[doc = include_str!("loading_material.md")]
pub mod loading_material {}

#[doc = include_str!("operating.md")]
pub mod operating {}

#[doc = include_str!("rotation.md")]
pub mod rotation {}

#[doc = include_str!("sources.md")]
pub mod sources {}

#[doc = include_str!("testing.md")]
pub mod testing {}

#[doc = include_str!("troubleshooting.md")]
pub mod troubleshooting {}

#[doc = include_str!("who_may_connect.md")]
pub mod who_may_connect {}
