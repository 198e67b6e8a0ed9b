use std::io::{Read, Write};
use std::sync::Arc;

use rustls::server::NoServerSessionStorage;
use rustls::{DistinguishedName, ServerConfig, ServerConnection};

use super::Rustls;
use super::convert::{OwnIdentity, refused, versions};
use super::stream::RustlsHandshake;
use super::verifier::{ClientJudge, HandshakeSignatures};
use crate::backend::{ClientAuth, HandshakeError, Judge, ServerBackend, ServerSettings};
use crate::error::BuildError;

/// A native configuration and the judge in it.
#[derive(Clone, Debug)]
pub struct RustlsServerConfig {
    pub(super) native: Arc<ServerConfig>,
    pub(super) judge: Arc<Judge>,
    client_auth: ClientAuth,
}

impl ServerBackend for Rustls {
    type ServerConfig = RustlsServerConfig;
    type ServerHandshake<IO: Read + Write + Send> = RustlsHandshake<IO>;

    fn build_server(&self, settings: ServerSettings) -> Result<Self::ServerConfig, BuildError> {
        let provider = self.provider()?;
        let identity = OwnIdentity::new(
            &settings.identity,
            &provider,
            &settings.judge,
            settings.versions,
        )?;
        let verifier = ClientJudge {
            judge: Arc::clone(&settings.judge),
            signatures: HandshakeSignatures::new(&provider),
            client_auth: settings.client_auth,
            ca_names: settings
                .ca_names
                .into_iter()
                .map(DistinguishedName::from)
                .collect(),
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions(settings.versions))
            .map_err(refused("the protocol versions"))?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_cert_resolver(Arc::new(identity));
        config.alpn_protocols = settings.alpn;
        // All three, or a session outlives the policy that admitted it; the ticketer is off by default.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(RustlsServerConfig {
            native: Arc::new(config),
            judge: settings.judge,
            client_auth: settings.client_auth,
        })
    }

    fn start_server<IO: Read + Write + Send>(
        config: &Self::ServerConfig,
        io: IO,
    ) -> Result<Self::ServerHandshake<IO>, HandshakeError> {
        let connection =
            ServerConnection::new(Arc::clone(&config.native)).map_err(HandshakeError::backend)?;
        let judge = Arc::clone(&config.judge);
        Ok(RustlsHandshake::new(
            connection.into(),
            io,
            judge,
            config.client_auth,
        ))
    }
}
