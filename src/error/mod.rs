//! The errors of loading and of building. They import nothing of ours.
//!
//! Judging a peer has [`Rejection`](crate::Rejection), a handshake has
//! [`HandshakeError`](crate::HandshakeError): each lives on the floor where it arises.

pub(crate) mod alert;
mod anchor;
pub(crate) mod backend_kind;
pub(crate) mod build;
pub(crate) mod exposed;
pub(crate) mod material;
mod material_problem;
pub(crate) mod path;
mod reload;

pub use alert::Alert;
pub use anchor::UnusableTrustAnchor;
pub use material::{MaterialLocation, MaterialOrigin};
pub use material_problem::MaterialProblem;
pub use reload::ReloadFailure;

// Of other floors, for users to find here.
#[cfg(feature = "spiffe")]
pub use crate::integration::spiffe::SpiffeError;
pub use crate::peer::spiffe::SpiffeIdError;
pub use crate::policy::matcher::{MatcherError, MatcherProblem};

// Elsewhere for users.
pub(crate) use backend_kind::BackendKind;
pub(crate) use build::BuildError;
pub(crate) use material::MaterialError;
