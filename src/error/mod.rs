//! The errors of loading and building.
//!
//! Each error stands in the module that returns it: loading returns
//! [`MaterialError`], building [`BuildError`](crate::BuildError), a rotation
//! [`RotationError`], verification of a peer [`Rejection`](crate::Rejection), and a handshake
//! [`HandshakeError`](crate::HandshakeError). `Display` states the fact, `hint()` what to do about
//! it, and [`Report`](crate::Report) shows both with the causes.

pub(crate) mod alert;
pub(crate) mod anchor;
pub(crate) mod backend_kind;
mod config_field;
pub(crate) mod date;
pub(crate) mod exposed;
pub(crate) mod material;
pub(crate) mod path;
mod reload;
mod retired;
pub(crate) mod unknown_name;
mod withdrawal;

pub use alert::Alert;
pub use anchor::{TrustAnchorProblem, UnusableTrustAnchor};
pub use config_field::ConfigField;
pub use material::{
    MaterialLocation, MaterialOrigin, MaterialProblem, PassphraseFlaw, PassphraseOrigin,
    RevocationListFault, SigningKeyFault,
};
pub use reload::ReloadFailure;
pub use retired::RetiredError;
pub use unknown_name::UnknownName;
pub use withdrawal::Withdrawal;

// Errors of other modules, exported here too.
pub use crate::backend::handshake_error::NotTls;
pub use crate::backend::key_export::KeyExportError;
pub use crate::backend::unreadable_anchor::UnreadableTrustAnchor;
#[cfg(feature = "http")]
pub use crate::integration::http::error::ForwardedError;
#[cfg(feature = "spiffe")]
pub use crate::integration::spiffe::{
    SpiffeAddressProblem, SpiffeConnectProblem, SpiffeError, SpiffePart, SpiffePartProblem,
    SpiffeStreamProblem,
};
#[cfg(feature = "tokio")]
pub use crate::integration::tokio::listener::error::{ListenerError, ProxySenderError};
pub use crate::material::key::signing_fault::SigningFault;
pub use crate::peer::spiffe::SpiffeIdError;
pub use crate::policy::matcher::{ExpectedToken, MatcherError, MatcherProblem, PatternProblem};
pub use crate::policy::revocation::regression::{ListReplacementProblem, RevocationListRegression};
pub use crate::policy::setting_problem::SettingProblem;
pub use crate::policy::trust::error::TrustBundlesError;
pub use crate::rotation::error::RotationError;

// Exported to users elsewhere.
pub(crate) use backend_kind::BackendKind;
pub(crate) use material::MaterialError;
