use std::sync::Arc;

use super::MtlsClient;
use crate::backend::{ClientBackend, ClientSettings, NoBackend, SessionVerifier};
use crate::builder::Builder;
use crate::connection::ConnectionContext;
use crate::policy::{BuildError, VerifierPolicy};
use crate::rotation::{self, BackendConfig, RevisionParts, RotationHandle};
use crate::side::Side;

/// The builder of a [`MtlsClient`].
pub type ClientBuilder = Builder<MtlsClient<NoBackend>>;

impl MtlsClient<NoBackend> {
    /// Starts a client. Identity and trust anchors are required.
    pub fn builder() -> ClientBuilder {
        Builder::new()
    }
}

impl ClientBuilder {
    /// Checks all settings and creates the client.
    ///
    /// ```
    /// use mtls::{BuildError, MtlsClient, Rustls};
    ///
    /// let error = MtlsClient::builder().build(Rustls::default()).unwrap_err();
    /// assert!(matches!(error, BuildError::MissingIdentity));
    /// ```
    ///
    /// # Errors
    /// [`BuildError`]: a required setting is missing, a trust anchor is not a CA certificate, a
    /// signature in our chain is wrong, or the backend rejects or cannot enforce a setting.
    pub fn build<B: ClientBackend>(self, backend: B) -> Result<MtlsClient<B>, BuildError> {
        let locate = self.settings.locate.clone();
        self.build_from_settings(backend)
            .map_err(|error| locate.add_to(error))
    }

    fn build_from_settings<B: ClientBackend>(
        mut self,
        backend: B,
    ) -> Result<MtlsClient<B>, BuildError> {
        let policy = &mut self.settings.policy;
        policy.get_or_insert_with(VerifierPolicy::allow_any_authenticated);
        let locate = self.settings.locate.clone();
        let begun = self.settings.begin()?;
        let fixed = begun.fixed;
        let handshake_timeout = fixed.handshake_timeout;
        let make = move |parts: &RevisionParts, former: Option<&SessionVerifier>| {
            let checked = fixed.check(
                Side::Client,
                parts,
                VerifierPolicy::check_for_client,
                &backend,
                former,
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
            Ok(BackendConfig {
                crypto: B::client_crypto(&config),
                config,
                verifier: checked.verifier,
                warnings: checked.warnings,
            })
        };
        let make = Box::new(
            move |parts: &RevisionParts, former: Option<&SessionVerifier>| {
                make(parts, former).map_err(|error| locate.add_to(error))
            },
        );
        let service = rotation::start(
            begun.parts,
            make,
            begun.rotation,
            begun.source,
            begun.trigger,
            begun.deadline,
        )?;
        Ok(MtlsClient {
            handle: RotationHandle::new(&service),
            service,
            handshake_timeout,
            context: ConnectionContext::new(),
        })
    }
}
