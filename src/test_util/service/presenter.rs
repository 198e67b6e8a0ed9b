use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;

use crate::test_util::pki::credential::TestCredential;

/// Presents one chain, whatever the server requests.
#[derive(Debug)]
pub(super) struct Presenter(Option<Arc<CertifiedKey>>);

impl Presenter {
    pub(super) fn new(credential: &TestCredential, provider: &CryptoProvider) -> Self {
        if credential.chain.is_empty() {
            return Self(None);
        }
        let key = provider
            .key_provider
            .load_private_key(credential.key_der())
            .expect("rustls has no such key");
        // Not `from_der`, which looks whether the two fit.
        let certified = CertifiedKey::new(credential.chain.clone(), key);
        Self(Some(Arc::new(certified)))
    }
}

impl ResolvesClientCert for Presenter {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}
