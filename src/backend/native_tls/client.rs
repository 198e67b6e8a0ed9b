use std::io::{Read, Write};
use std::sync::Arc;

use native_tls::TlsConnector;
use pki_types::ServerName;

use super::NativeTls;
use super::config::{Connectors, NativeTlsClientConfig};
use super::convert::{
    SETTINGS_ADVICE, alpn, anchors, build_error, identity, protocols, reject_unsupported,
};
use super::stream::NativeTlsHandshake;
use crate::backend::adapter::{ClientAdapter, ToNative};
use crate::backend::{ClientSettings, Crypto, DangerNativeClient, HandshakeError};
use crate::policy::BuildError;

/// Whether server name indication has to be disabled for an address.
///
/// On OpenSSL, native-tls omits it by itself.
const ADDRESSES_NEED_TELLING: bool = cfg!(any(windows, target_vendor = "apple"));

impl ClientAdapter for NativeTls {
    type ClientConfig = NativeTlsClientConfig;
    type ClientHandshake<IO: Read + Write + Send> = NativeTlsHandshake<IO>;

    fn build_client(&self, settings: ClientSettings) -> Result<Self::ClientConfig, BuildError> {
        reject_unsupported(&settings)?;
        let (lowest, highest) = protocols(settings.versions);
        let mut builder = TlsConnector::builder();
        builder
            .identity(identity(&settings.identity)?)
            .disable_built_in_roots(true)
            .min_protocol_version(Some(lowest))
            .max_protocol_version(highest)
            .request_alpns(&alpn(&settings.alpn)?)
            // Off only if the policy requires a SPIFFE ID instead of the name.
            .danger_accept_invalid_hostnames(!settings.checks_server_name);
        for anchor in anchors(&settings.trust)? {
            builder.add_root_certificate(anchor);
        }
        let for_names = builder
            .build()
            .map_err(build_error("the settings", SETTINGS_ADVICE))?;
        let for_addresses = if ADDRESSES_NEED_TELLING {
            let builder = builder.use_sni(false);
            builder
                .build()
                .map_err(build_error("the settings", SETTINGS_ADVICE))?
        } else {
            // Building a connector is expensive: OpenSSL's reads the system's roots, only to drop
            // them.
            for_names.clone()
        };
        Ok(NativeTlsClientConfig(Arc::new(Connectors {
            for_names,
            for_addresses,
            verifier: settings.verifier,
            alpn: settings.alpn,
            versions: settings.versions,
        })))
    }

    /// The platform shows nothing.
    fn client_crypto(_: &Self::ClientConfig) -> Crypto {
        Crypto::default()
    }

    fn start_client<IO: Read + Write + Send>(
        config: &Self::ClientConfig,
        server_name: &ServerName<'static>,
        io: IO,
    ) -> Result<Self::ClientHandshake<IO>, HandshakeError> {
        Ok(NativeTlsHandshake::new(
            config.clone(),
            server_name.clone(),
            io,
        ))
    }
}

impl DangerNativeClient for NativeTls {
    type Native = TlsConnector;
}

impl ToNative<TlsConnector> for NativeTlsClientConfig {
    fn to_native(&self) -> TlsConnector {
        self.connector().clone()
    }
}
