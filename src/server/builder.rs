use core::marker::PhantomData;
use std::sync::Arc;

use super::MtlsServer;
use crate::backend::{ClientAuthMode, NoBackend, ServerBackend, ServerSettings, SessionVerifier};
use crate::builder::Builder;
use crate::connection::{ClientAuth, ConnectionContext, Optional, Required};
use crate::policy::{BuildError, VerifierPolicy};
use crate::rotation::{self, BackendConfig, RevisionParts, RotationHandle};
use crate::side::Side;

/// The builder of a [`MtlsServer`].
pub type ServerBuilder<A = Required> = Builder<MtlsServer<NoBackend, A>>;

impl MtlsServer<NoBackend, Required> {
    /// Starts a server. Identity, trust anchors and policy are required.
    pub fn builder() -> ServerBuilder<Required> {
        Builder::new()
    }
}

impl ServerBuilder<Required> {
    /// Lets clients connect without a certificate; `peer()` then returns an `Option`.
    ///
    /// A certificate that is presented is still verified. If it fails, the client is rejected and
    /// not treated as anonymous.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let builder = pki::server_builder();
    /// use mtls::connection::Optional;
    /// use mtls::{MtlsServer, Rustls};
    ///
    /// let server: MtlsServer<Rustls, Optional> =
    ///     builder.optional_client_auth().build(Rustls::default())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn optional_client_auth(self) -> ServerBuilder<Optional> {
        Builder::with(self.settings)
    }
}

impl<A: ClientAuth> ServerBuilder<A> {
    /// Leaves the trust anchors' subjects out of the certificate request (RFC 8446, section 4.2.4).
    ///
    /// By default they are included, up to
    /// [`MAX_CA_NAMES_BYTES`](crate::connection::MAX_CA_NAMES_BYTES), so that a client with several
    /// certificates can choose one. Every client that connects can read them.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let builder = pki::server_builder();
    /// let server = builder.without_ca_names().build(mtls::Rustls::default())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn without_ca_names(mut self) -> Self {
        self.settings.names_anchors = false;
        self
    }

    /// Checks all settings and creates the server.
    ///
    /// ```
    /// use mtls::{BuildError, MtlsServer, Rustls};
    ///
    /// let error = MtlsServer::builder().build(Rustls::default()).unwrap_err();
    /// assert!(matches!(error, BuildError::MissingPolicy));
    /// ```
    ///
    /// # Errors
    /// [`BuildError`]: a required setting is missing, a trust anchor is not a CA certificate, a
    /// signature in our chain is wrong, or the backend rejects or cannot enforce a setting.
    pub fn build<B: ServerBackend>(self, backend: B) -> Result<MtlsServer<B, A>, BuildError> {
        let locate = self.settings.locate.clone();
        self.build_from_settings(backend)
            .map_err(|error| locate.add_to(error))
    }

    fn build_from_settings<B: ServerBackend>(
        self,
        backend: B,
    ) -> Result<MtlsServer<B, A>, BuildError> {
        let listener = Arc::new(self.settings.listener.clone());
        let names_anchors = self.settings.names_anchors;
        let locate = self.settings.locate.clone();
        let begun = self.settings.begin()?;
        let fixed = begun.fixed;
        let handshake_timeout = fixed.handshake_timeout;
        let make = move |parts: &RevisionParts, former: Option<&SessionVerifier>| {
            let checked = fixed.check(
                Side::Server,
                parts,
                VerifierPolicy::check_for_server,
                &backend,
                former,
            )?;
            let config = backend.build_server(ServerSettings {
                identity: parts.identity.clone(),
                verifier: Arc::clone(&checked.verifier),
                alpn: checked.alpn,
                versions: checked.versions,
                resumption: checked.resumption,
                client_auth: if A::REQUIRED {
                    ClientAuthMode::Required
                } else {
                    ClientAuthMode::Optional
                },
                ca_names: if names_anchors {
                    checked.verifier.verifiers().0.ca_names()
                } else {
                    Vec::new()
                },
            })?;
            Ok(BackendConfig {
                crypto: B::server_crypto(&config),
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
        Ok(MtlsServer {
            handle: RotationHandle::new(&service),
            service,
            handshake_timeout,
            context: ConnectionContext::new(),
            listener,
            client_auth: PhantomData,
        })
    }
}
