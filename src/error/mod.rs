//! The errors of loading and of building. They import nothing of ours.
//!
//! Judging a peer has [`Rejection`](crate::Rejection), a handshake has
//! [`HandshakeError`](crate::HandshakeError): each lives on the floor where it arises.

pub(crate) mod alert;
mod anchor;
mod backend_kind;
mod build;
pub(crate) mod exposed;
mod material;
mod material_problem;
pub(crate) mod path;
mod reload;

pub use anchor::UnusableTrustAnchor;
pub use backend_kind::BackendKind;
pub use build::BuildError;
pub use material::{MaterialError, MaterialOrigin, MaterialPlace};
pub use material_problem::MaterialProblem;
pub use reload::ReloadFailure;
