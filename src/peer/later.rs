use std::sync::OnceLock;

use pki_types::CertificateDer;

/// What an identity makes when it is asked for.
#[derive(Default)]
pub(super) struct Later {
    /// The presented chain in one piece.
    pub(super) chain: OnceLock<Box<[CertificateDer<'static>]>>,
    /// The digest over the presented chain. On the heap, because few connections need it.
    pub(super) digest: OnceLock<Box<[u8; 32]>>,
}

impl AsRef<Self> for Later {
    fn as_ref(&self) -> &Self {
        self
    }
}
