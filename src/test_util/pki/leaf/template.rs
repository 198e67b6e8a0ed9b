use std::sync::Arc;

use pki_types::PrivatePkcs8KeyDer;
use rcgen::{CertificateParams, KeyPair};

use crate::test_util::pki::certificate::Changes;
use crate::test_util::pki::key::KeyAlgorithm;

/// The parts of a leaf without its issuer: a CA keeps one for its clients.
#[derive(Clone, Debug)]
pub(in crate::test_util::pki) struct LeafTemplate {
    pub(in crate::test_util::pki) params: CertificateParams,
    pub(in crate::test_util::pki) key: Arc<KeyPair>,
    pub(in crate::test_util::pki) algorithm: KeyAlgorithm,
    /// In place of `key`: `SubjectPublicKeyInfo` and PKCS#8, which `Debug` does not show.
    pub(in crate::test_util::pki) foreign_key: Option<(Vec<u8>, Arc<PrivatePkcs8KeyDer<'static>>)>,
    pub(in crate::test_util::pki) changes: Changes,
}
