use core::fmt;
use std::sync::Arc;

use native_tls::TlsConnector;
use pki_types::ServerName;

use crate::backend::{SessionVerifier, Versions};

/// Two connectors, and the settings that the platform leaves to us.
#[derive(Clone)]
pub(crate) struct NativeTlsClientConfig(pub(super) Arc<Connectors>);

pub(super) struct Connectors {
    pub(super) for_names: TlsConnector,
    pub(super) for_addresses: TlsConnector,
    pub(super) verifier: Arc<SessionVerifier>,
    pub(super) alpn: Vec<Vec<u8>>,
    pub(super) versions: Versions,
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

    pub(super) fn verifier(&self) -> &SessionVerifier {
        &self.0.verifier
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
            .field("verifier", &self.0.verifier)
            .field("versions", &self.0.versions)
            .finish_non_exhaustive()
    }
}
