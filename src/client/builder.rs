use std::sync::Arc;

use super::MtlsClient;
use crate::backend::{ClientBackend, ClientSettings, End};
use crate::builder::{Builder, Draft};
use crate::error::BuildError;
use crate::policy::VerifierPolicy;
use crate::rotation::{self, Made, Parts};

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
    /// [`BuildError`]: something required is missing, an anchor is no CA's certificate, our chain
    /// is not signed as it should be, or the backend refuses or cannot enforce a setting.
    pub fn build<B: ClientBackend>(mut self, backend: B) -> Result<MtlsClient<B>, BuildError> {
        let policy = &mut self.draft.policy;
        policy.get_or_insert_with(VerifierPolicy::allow_any_authenticated);
        let begun = self.draft.begin()?;
        let fixed = begun.fixed;
        let handshake_timeout = fixed.handshake_timeout;
        let make = move |parts: &Parts| {
            let checked = fixed.check(
                End::Client,
                parts,
                VerifierPolicy::check_for_client,
                &backend,
            )?;
            let config = backend.build_client(ClientSettings {
                identity: parts.identity.clone(),
                trust: parts.trust.clone(),
                verifier: Arc::clone(&checked.verifier),
                alpn: checked.alpn,
                versions: checked.versions,
                resumption: checked.resumption,
                policy_beyond_leaf: parts.requires_full_chain(),
                checks_server_name: parts.policy.checks_server_name(),
            })?;
            Ok(Made {
                crypto: B::client_crypto(&config),
                config,
                verifier: checked.verifier,
                warnings: checked.warnings,
            })
        };
        let make = Box::new(make);
        Ok(MtlsClient {
            service: rotation::start(
                begun.parts,
                make,
                begun.rotation,
                begun.bell,
                begun.deadline,
            )?,
            handshake_timeout,
        })
    }
}
