//! Identity of a peer: names read strictly from a certificate.
//!
//! Reading does not authenticate. An application receives a [`PeerIdentity`] from a
//! [`PeerVerifier`](crate::PeerVerifier), which authenticates the chain and then authorizes the
//! peer.

pub(crate) mod identity;
mod kind;
mod later;
mod names;
pub(crate) mod spiffe;
mod syntax;
mod value;

pub(crate) use identity::{PeerIdentity, ProvedPath};
pub(crate) use kind::cut;
pub use kind::{NameKind, UnreadableName};
pub(crate) use names::{NameRanges, Names};
pub(crate) use spiffe::SpiffeId;
pub(crate) use spiffe::check_trust_domain;
pub(crate) use syntax::{has_uri_scheme, is_dns_name, is_email_address};
