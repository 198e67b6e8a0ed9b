use std::io::{Read, Write};
use std::sync::Arc;

use pki_types::ServerName;
use rustls::client::Resumption;
use rustls::{ClientConfig, ClientConnection};

use super::Rustls;
use super::convert::{OwnIdentity, refused, versions};
use super::stream::RustlsHandshake;
use super::verifier::{HandshakeSignatures, ServerJudge};
use crate::backend::{ClientAuth, ClientBackend, ClientSettings, HandshakeError, Judge};
use crate::error::BuildError;

/// A native configuration and the judge in it.
#[derive(Clone, Debug)]
pub struct RustlsClientConfig {
    pub(super) native: Arc<ClientConfig>,
    pub(super) judge: Arc<Judge>,
}

impl ClientBackend for Rustls {
    type ClientConfig = RustlsClientConfig;
    type ClientHandshake<IO: Read + Write + Send> = RustlsHandshake<IO>;

    fn build_client(&self, settings: ClientSettings) -> Result<Self::ClientConfig, BuildError> {
        let provider = self.provider()?;
        let identity = OwnIdentity::new(
            &settings.identity,
            &provider,
            &settings.judge,
            settings.versions,
        )?;
        let verifier = ServerJudge {
            judge: Arc::clone(&settings.judge),
            signatures: HandshakeSignatures::new(&provider),
        };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions(settings.versions))
            .map_err(refused("the protocol versions"))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(Arc::new(identity));
        config.alpn_protocols = settings.alpn;
        // A resumed session would skip the judge, and outlive the policy that admitted it.
        config.resumption = Resumption::disabled();
        Ok(RustlsClientConfig {
            native: Arc::new(config),
            judge: settings.judge,
        })
    }

    fn start_client<IO: Read + Write + Send>(
        config: &Self::ClientConfig,
        server_name: &ServerName<'static>,
        io: IO,
    ) -> Result<Self::ClientHandshake<IO>, HandshakeError> {
        let connection = ClientConnection::new(Arc::clone(&config.native), server_name.clone())
            .map_err(HandshakeError::backend)?;
        let judge = Arc::clone(&config.judge);
        Ok(RustlsHandshake::new(
            connection.into(),
            io,
            judge,
            ClientAuth::Required,
        ))
    }
}
