use core::fmt;
use std::sync::Arc;

use pki_types::UnixTime;

use super::parts::{Expiries, Parts};
use crate::backend::{Crypto, Judge};
use crate::error::BuildError;
use crate::material::IdentityWarning;

/// An immutable set of identity, anchors, revocation lists and policy, as a backend's configuration and its judge.
///
/// A handshake takes one and keeps it to its end.
pub(crate) struct Revision<C> {
    pub(crate) number: u64,
    pub(crate) config: C,
    pub(crate) judge: Arc<Judge>,
    pub(super) crypto: Crypto,
    pub(crate) parts: Parts,
    pub(super) loaded_at: UnixTime,
    pub(super) expiries: Expiries,
}

/// What a backend makes of some parts.
pub(crate) struct Made<C> {
    pub(crate) config: C,
    pub(crate) judge: Arc<Judge>,
    pub(crate) crypto: Crypto,
    /// What the observer is to hear about our identity.
    pub(crate) warnings: Vec<IdentityWarning>,
}

/// Turns parts into what a backend works with: the builder's settings, kept.
pub(crate) type Make<C> = Box<dyn Fn(&Parts) -> Result<Made<C>, BuildError> + Send + Sync>;

impl<C> fmt::Debug for Revision<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revision")
            .field("number", &self.number)
            .field("loaded_at", &self.loaded_at)
            .finish_non_exhaustive()
    }
}
