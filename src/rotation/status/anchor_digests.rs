use core::fmt;
use std::sync::OnceLock;

use crate::crypto::sha256;
use crate::policy::Trust;

/// The SHA-256 of each trust anchor, computed when they are first asked for.
pub(crate) struct AnchorDigests {
    trust: Trust,
    digests: OnceLock<Box<[[u8; 32]]>>,
}

impl AnchorDigests {
    pub(crate) fn new(trust: Trust) -> Self {
        Self {
            trust,
            digests: OnceLock::new(),
        }
    }

    pub(crate) fn as_slice(&self) -> &[[u8; 32]] {
        self.digests.get_or_init(|| {
            let anchors = self.trust.certificates().into_iter();
            anchors.map(|anchor| sha256(anchor)).collect()
        })
    }

    pub(crate) fn count(&self) -> usize {
        self.trust.count()
    }
}

impl fmt::Debug for AnchorDigests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}
