use core::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use native_tls::TlsConnector;
use pki_types::ServerName;

use super::NativeTls;
use super::convert::{alpn, anchors, identity, protocols, refuse_unsupported, refused};
use super::stream::NativeTlsHandshake;
use crate::backend::{ClientBackend, ClientSettings, Crypto, HandshakeError, Judge, Versions};
use crate::error::BuildError;

/// On OpenSSL native-tls leaves server name indication out for an address; elsewhere it has to be
/// told.
const ADDRESSES_NEED_TELLING: bool = cfg!(any(windows, target_vendor = "apple"));

/// A connector and what the platform leaves to us.
#[derive(Clone)]
pub struct NativeTlsClientConfig(Arc<Inner>);

struct Inner {
    for_names: TlsConnector,
    for_addresses: TlsConnector,
    judge: Arc<Judge>,
    alpn: Vec<Vec<u8>>,
    versions: Versions,
}

impl NativeTlsClientConfig {
    pub(super) fn connector(&self) -> &TlsConnector {
        &self.0.for_names
    }

    pub(super) fn connector_for(&self, server_name: &ServerName<'_>) -> &TlsConnector {
        match server_name {
            ServerName::IpAddress(_) => &self.0.for_addresses,
            _ => &self.0.for_names,
        }
    }

    pub(super) fn judge(&self) -> &Judge {
        &self.0.judge
    }

    pub(super) fn alpn(&self) -> &[Vec<u8>] {
        &self.0.alpn
    }

    pub(super) fn versions(&self) -> Versions {
        self.0.versions
    }
}

impl fmt::Debug for NativeTlsClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeTlsClientConfig")
            .field("judge", &self.0.judge)
            .field("versions", &self.0.versions)
            .finish_non_exhaustive()
    }
}

impl ClientBackend for NativeTls {
    type ClientConfig = NativeTlsClientConfig;
    type ClientHandshake<IO: Read + Write + Send> = NativeTlsHandshake<IO>;

    fn build_client(&self, settings: ClientSettings) -> Result<Self::ClientConfig, BuildError> {
        refuse_unsupported(&settings)?;
        let (lowest, highest) = protocols(settings.versions);
        let mut builder = TlsConnector::builder();
        builder
            .identity(identity(&settings.identity)?)
            .disable_built_in_roots(true)
            .min_protocol_version(Some(lowest))
            .max_protocol_version(highest)
            .request_alpns(&alpn(&settings.alpn)?)
            // Off only where the policy asks for a SPIFFE ID in the name's place.
            .danger_accept_invalid_hostnames(!settings.checks_server_name);
        for anchor in anchors(&settings.trust)? {
            builder.add_root_certificate(anchor);
        }
        let for_names = builder.build().map_err(refused("the settings"))?;
        let for_addresses = match ADDRESSES_NEED_TELLING {
            true => builder
                .use_sni(false)
                .build()
                .map_err(refused("the settings"))?,
            // A connector is dear to build: OpenSSL's reads the system's roots, only to drop them.
            false => for_names.clone(),
        };
        Ok(NativeTlsClientConfig(Arc::new(Inner {
            for_names,
            for_addresses,
            judge: settings.judge,
            alpn: settings.alpn,
            versions: settings.versions,
        })))
    }

    /// The platform tells nothing of itself.
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
