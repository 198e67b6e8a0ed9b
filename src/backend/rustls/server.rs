use std::io::{Read, Write};
use std::sync::Arc;

use rustls::server::NoServerSessionStorage;
use rustls::{ConfigBuilder, DistinguishedName, ServerConfig, ServerConnection, WantsVerifier};

use super::Rustls;
use super::convert::{OwnIdentity, VERSIONS_ADVICE, build_error, prefers_ml_kem, versions};
use super::session::ServerSessions;
use super::slot::HandshakeRecord;
use super::stream::handshake::RustlsHandshake;
use super::stream::handshake_params::{HandshakeParams, SideParams};
use super::verifier::ClientVerifier;
use super::verifier::handshake_signatures::HandshakeSignatures;
use crate::backend::adapter::{ServerAdapter, ToNative};
use crate::backend::{
    ClientAuthMode, Crypto, HandshakeError, NativeServer, Resumption, ServerSettings,
    SessionVerifier,
};
use crate::policy::BuildError;

/// Tickets after a full handshake in TLS 1.3, each for one resumption.
const TICKETS: usize = 2;

/// A native configuration and its verifier.
#[derive(Clone, Debug)]
pub(crate) struct RustlsServerConfig {
    /// Never resumes.
    pub(super) native: Arc<ServerConfig>,
    /// For our own handshakes, which verify the peer of a resumed session again.
    resuming: Option<Arc<ServerConfig>>,
    /// The parts of the native configuration, for a live one.
    pub(super) begun: ConfigBuilder<ServerConfig, WantsVerifier>,
    pub(super) identity: Arc<OwnIdentity>,
    pub(super) cert_verifier: Arc<ClientVerifier>,
    pub(super) verifier: Arc<SessionVerifier>,
    client_auth: ClientAuthMode,
    crypto: Crypto,
}

impl ServerAdapter for Rustls {
    type ServerConfig = RustlsServerConfig;
    type ServerHandshake<IO: Read + Write + Send> = RustlsHandshake<IO>;

    fn build_server(&self, settings: ServerSettings) -> Result<Self::ServerConfig, BuildError> {
        let provider = self.provider()?;
        let identity = Arc::new(OwnIdentity::new(
            &settings.identity,
            &provider,
            &settings.verifier,
            settings.versions,
        )?);
        let cert_verifier = Arc::new(ClientVerifier {
            verifier: Arc::clone(&settings.verifier),
            signatures: HandshakeSignatures::new(&provider),
            client_auth: settings.client_auth,
            ca_names: settings
                .ca_names
                .into_iter()
                .map(DistinguishedName::from)
                .collect(),
        });
        let begun = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions(settings.versions))
            .map_err(build_error("the protocol versions", VERSIONS_ADVICE))?;
        let mut config = begun
            .clone()
            .with_client_cert_verifier(cert_verifier.clone())
            .with_cert_resolver(identity.clone());
        config.alpn_protocols = settings.alpn;
        never_resumes(&mut config);
        let resuming = match settings.resumption {
            Resumption::Off => None,
            Resumption::BoundToRevision { max_age } => {
                let sessions = ServerSessions::new(Arc::clone(&settings.verifier), max_age);
                let mut config = config.clone();
                config.session_storage = Arc::new(sessions);
                config.send_tls13_tickets = TICKETS;
                // Without it, a TLS 1.2 session can be spliced into another (RFC 7627, section 1).
                config.require_ems = true;
                // 0-RTT data could be replayed (RFC 8446, section 8).
                config.max_early_data_size = 0;
                Some(Arc::new(config))
            }
        };
        Ok(RustlsServerConfig {
            crypto: Crypto {
                is_fips: Some(config.fips()),
                prefers_ml_kem: Some(prefers_ml_kem(config.crypto_provider(), settings.versions)),
            },
            native: Arc::new(config),
            resuming,
            begun,
            identity,
            cert_verifier,
            verifier: settings.verifier,
            client_auth: settings.client_auth,
        })
    }

    fn server_crypto(config: &Self::ServerConfig) -> Crypto {
        config.crypto
    }

    fn start_server<IO: Read + Write + Send>(
        config: &Self::ServerConfig,
        io: IO,
    ) -> Result<Self::ServerHandshake<IO>, HandshakeError> {
        let params = HandshakeParams {
            verifier: Arc::clone(&config.verifier),
            end: SideParams::Server(config.client_auth),
            resumes: config.resuming.is_some(),
        };
        let native = config.resuming.as_ref().unwrap_or(&config.native);
        let connection =
            ServerConnection::new(Arc::clone(native)).map_err(HandshakeError::backend)?;
        let connection = connection.into();
        Ok(RustlsHandshake::new(
            connection,
            io,
            params,
            HandshakeRecord::default(),
        ))
    }
}

impl NativeServer for Rustls {
    type Native = Arc<ServerConfig>;
}

impl ToNative<Arc<ServerConfig>> for RustlsServerConfig {
    fn to_native(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.native)
    }
}

/// Disables stored sessions and tickets.
///
/// Each alone would let a session outlive the policy that accepted it; the ticketer is off by
/// default.
pub(super) fn never_resumes(config: &mut ServerConfig) {
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
}
