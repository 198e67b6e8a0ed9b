//! The errors of loading and building.
//!
//! Verification of a peer returns [`Rejection`](crate::Rejection), a handshake
//! [`HandshakeError`](crate::HandshakeError): they are defined in the modules that return them.

pub(crate) mod alert;
mod anchor;
pub(crate) mod backend_kind;
pub(crate) mod build;
pub(crate) mod date;
pub(crate) mod exposed;
pub(crate) mod material;
mod material_problem;
pub(crate) mod path;
mod reload;
pub(crate) mod unknown_name;

pub use alert::Alert;
pub use anchor::UnusableTrustAnchor;
pub use material::{MaterialLocation, MaterialOrigin};
pub use material_problem::MaterialProblem;
pub use reload::ReloadFailure;
pub use unknown_name::UnknownName;

// Errors of other modules, exported here too.
pub use crate::backend::UnreadableTrustAnchor;
#[cfg(feature = "spiffe")]
pub use crate::integration::spiffe::{
    SpiffeAddressProblem, SpiffeConnectProblem, SpiffeError, SpiffePart, SpiffePartProblem,
    SpiffeStreamProblem,
};
pub use crate::material::key::signing_key_fault::SigningKeyFault;
pub use crate::peer::spiffe::SpiffeIdError;
pub use crate::policy::matcher::{ExpectedToken, MatcherError, MatcherProblem, PatternProblem};
pub use crate::policy::trust::error::TrustBundlesError;

// Exported to users elsewhere.
pub(crate) use backend_kind::BackendKind;
pub(crate) use build::BuildError;
pub(crate) use material::MaterialError;
