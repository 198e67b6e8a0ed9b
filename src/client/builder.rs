use std::sync::Arc;

use super::MtlsClient;
use crate::backend::{ClientBackend, ClientSettings, End};
use crate::builder::{Builder, Draft};
use crate::error::BuildError;
use crate::policy::VerifierPolicy;
use crate::rotation::Current;

/// Collects what a [`MtlsClient`] is made of.
pub type ClientBuilder = Builder<ClientEnd>;

/// What only a client's builder has: nothing.
#[derive(Debug)]
pub struct ClientEnd(());

impl ClientBuilder {
    pub(super) fn new() -> Self {
        Self {
            draft: Draft::new(),
            end: ClientEnd(()),
        }
    }

    /// Checks everything and makes the client.
    ///
    /// # Errors
    /// [`BuildError`]: something required is missing, an anchor is no CA's certificate, our chain is not signed
    /// as it should be, or the backend refuses or cannot enforce a setting.
    pub fn build<B: ClientBackend>(mut self, backend: B) -> Result<MtlsClient<B>, BuildError> {
        let handshake_timeout = self.draft.handshake_timeout;
        let policy = self
            .draft
            .policy
            .take()
            .unwrap_or_else(VerifierPolicy::allow_any_authenticated);
        policy.check_for_client()?;
        self.draft.check_shadow(VerifierPolicy::check_for_client)?;
        let policy_beyond_leaf = self.draft.beyond_the_leaf(&policy);
        let checks_server_name = policy.checks_server_name();
        let checked = self.draft.check(End::Client, policy, &backend)?;
        let judge = Arc::clone(&checked.judge);
        let config = backend.build_client(ClientSettings {
            identity: checked.identity,
            trust: checked.trust,
            judge: checked.judge,
            alpn: checked.alpn,
            versions: checked.versions,
            policy_beyond_leaf,
            checks_server_name,
        })?;
        Ok(MtlsClient {
            current: Arc::new(Current::first(config, judge)),
            handshake_timeout,
        })
    }
}
