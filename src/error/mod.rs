//! The errors of loading and of building. They import nothing of ours.
//!
//! Judging a peer has [`Rejection`](crate::Rejection), a handshake has
//! [`HandshakeError`](crate::HandshakeError): each lives on the floor where it arises.

mod build;
mod material;

pub use build::{BackendKind, BuildError};
pub use material::MaterialError;
