use std::io::{Read, Write};
use std::sync::Arc;

use pki_types::ServerName;
use rustls::client;
use rustls::{ClientConfig, ClientConnection};

use super::Rustls;
use super::convert::{OwnIdentity, VERSIONS_ADVICE, build_error, prefers_ml_kem, versions};
use super::session::ClientSessions;
use super::slot::{HandshakeRecord, with_slot};
use super::stream::handshake::RustlsHandshake;
use super::stream::handshake_params::{HandshakeParams, SideParams};
use super::verifier::ServerVerifier;
use super::verifier::handshake_signatures::HandshakeSignatures;
use crate::backend::adapter::{ClientAdapter, ToNative};
use crate::backend::{
    CertificateRequest, ClientSettings, Crypto, HandshakeError, NativeClient, Resumption,
    SessionVerifier,
};
use crate::policy::BuildError;

/// A native configuration and its verifier.
#[derive(Clone, Debug)]
pub(crate) struct RustlsClientConfig {
    /// Never resumes.
    pub(super) native: Arc<ClientConfig>,
    /// For our own handshakes, which verify the peer of a resumed session again.
    resuming: Option<Arc<ClientConfig>>,
    /// The identity and verifier of the native configuration, for a live one.
    pub(super) identity: Arc<OwnIdentity>,
    pub(super) cert_verifier: Arc<ServerVerifier>,
    pub(super) verifier: Arc<SessionVerifier>,
    crypto: Crypto,
}

impl ClientAdapter for Rustls {
    type ClientConfig = RustlsClientConfig;
    type ClientHandshake<IO: Read + Write + Send> = RustlsHandshake<IO>;

    fn build_client(&self, settings: ClientSettings) -> Result<Self::ClientConfig, BuildError> {
        let provider = self.provider()?;
        let identity = Arc::new(OwnIdentity::new(
            &settings.identity,
            &provider,
            &settings.verifier,
            settings.versions,
        )?);
        let cert_verifier = Arc::new(ServerVerifier {
            verifier: Arc::clone(&settings.verifier),
            signatures: HandshakeSignatures::new(&provider),
        });
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions(settings.versions))
            .map_err(build_error("the protocol versions", VERSIONS_ADVICE))?
            .dangerous()
            .with_custom_certificate_verifier(cert_verifier.clone())
            .with_client_cert_resolver(identity.clone());
        config.alpn_protocols = settings.alpn;
        // A resumed session would skip the verifier, and outlive the policy that accepted it.
        config.resumption = client::Resumption::disabled();
        let resuming = match settings.resumption {
            Resumption::Off => None,
            Resumption::BoundToRevision { max_age } => {
                let sessions = ClientSessions::new(Arc::clone(&settings.verifier), max_age);
                let mut config = config.clone();
                config.resumption = client::Resumption::store(Arc::new(sessions));
                // Without it, a TLS 1.2 session can be spliced into another (RFC 7627, section 1).
                config.require_ems = true;
                // 0-RTT data could be replayed (RFC 8446, section 8).
                config.enable_early_data = false;
                Some(Arc::new(config))
            }
        };
        Ok(RustlsClientConfig {
            crypto: Crypto {
                is_fips: Some(config.fips()),
                prefers_ml_kem: Some(prefers_ml_kem(config.crypto_provider(), settings.versions)),
            },
            native: Arc::new(config),
            resuming,
            identity,
            cert_verifier,
            verifier: settings.verifier,
        })
    }

    fn client_crypto(config: &Self::ClientConfig) -> Crypto {
        config.crypto
    }

    fn start_client<IO: Read + Write + Send>(
        config: &Self::ClientConfig,
        server_name: &ServerName<'static>,
        io: IO,
    ) -> Result<Self::ClientHandshake<IO>, HandshakeError> {
        let params = HandshakeParams {
            verifier: Arc::clone(&config.verifier),
            end: SideParams::Client(server_name.clone()),
            resumes: config.resuming.is_some(),
        };
        let native = config.resuming.as_ref().unwrap_or(&config.native);
        let record = HandshakeRecord {
            request: CertificateRequest::Pending,
            ..HandshakeRecord::default()
        };
        // rustls looks up a session to resume here.
        let (connection, record) = with_slot(&config.verifier, record, || {
            ClientConnection::new(Arc::clone(native), server_name.clone())
        });
        let connection = connection.map_err(HandshakeError::backend)?;
        Ok(RustlsHandshake::new(connection.into(), io, params, record))
    }
}

impl NativeClient for Rustls {
    type Native = Arc<ClientConfig>;
}

impl ToNative<Arc<ClientConfig>> for RustlsClientConfig {
    fn to_native(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.native)
    }
}
