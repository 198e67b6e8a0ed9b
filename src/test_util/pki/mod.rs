//! CAs, leaves and revocation lists, sound and odd.

pub(super) mod ca;
pub(super) mod ca_builder;
pub(super) mod certificate;
mod certification;
pub(super) mod credential;
pub(super) mod der;
pub(super) mod extension;
pub(super) mod key;
pub(super) mod leaf;
pub(super) mod lists;
pub(super) mod pem;
pub(super) mod validity;
