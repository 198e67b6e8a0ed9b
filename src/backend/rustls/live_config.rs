//! A native configuration that follows the rotation.
//!
//! rustls calls its verifier and its resolver in each handshake, and they use the current revision.

use core::fmt;
use std::sync::Arc;

use pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
};

use super::Rustls;
use super::client::RustlsClientConfig;
use super::server::{RustlsServerConfig, never_resumes};
use crate::backend::adapter::{LiveClientAdapter, LiveServerAdapter};

/// Returns the current configuration at each call.
struct LiveConfig<C>(Arc<dyn Fn() -> C + Send + Sync>);

impl<C> LiveConfig<C> {
    fn now(&self) -> C {
        (self.0)()
    }
}

impl<C> Clone for LiveConfig<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C> fmt::Debug for LiveConfig<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveConfig").finish_non_exhaustive()
    }
}

impl LiveClientAdapter for Rustls {
    type Live = Arc<ClientConfig>;

    fn live_client(
        current: Arc<dyn Fn() -> RustlsClientConfig + Send + Sync>,
    ) -> Arc<ClientConfig> {
        let live = LiveConfig(current);
        // With its versions and ALPN protocols, and without resumption.
        let mut config = ClientConfig::clone(&live.now().native);
        config.client_auth_cert_resolver = Arc::new(live.clone());
        config.dangerous().set_certificate_verifier(Arc::new(live));
        Arc::new(config)
    }
}

impl LiveServerAdapter for Rustls {
    type Live = Arc<ServerConfig>;

    fn live_server(
        current: Arc<dyn Fn() -> RustlsServerConfig + Send + Sync>,
    ) -> Arc<ServerConfig> {
        let live = LiveConfig(current);
        let now = live.now();
        let verifier = LiveClientVerifier {
            is_mandatory: now.cert_verifier.client_auth_mandatory(),
            live: live.clone(),
        };
        let mut config = now
            .begun
            .with_client_cert_verifier(Arc::new(verifier))
            .with_cert_resolver(Arc::new(live));
        config.alpn_protocols = now.native.alpn_protocols.clone();
        never_resumes(&mut config);
        Arc::new(config)
    }
}

impl ResolvesClientCert for LiveConfig<RustlsClientConfig> {
    fn resolve(
        &self,
        root_hint_subjects: &[&[u8]],
        sigschemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        let now = self.now();
        ResolvesClientCert::resolve(&*now.identity, root_hint_subjects, sigschemes)
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl ResolvesServerCert for LiveConfig<RustlsServerConfig> {
    fn resolve(&self, client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        ResolvesServerCert::resolve(&*self.now().identity, client_hello)
    }
}

impl ServerCertVerifier for LiveConfig<RustlsClientConfig> {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verifier = self.now().cert_verifier;
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verifier = self.now().cert_verifier;
        verifier.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verifier = self.now().cert_verifier;
        verifier.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.now().cert_verifier.supported_verify_schemes()
    }
}

/// Verifies clients by the current revision.
#[derive(Debug)]
struct LiveClientVerifier {
    live: LiveConfig<RustlsServerConfig>,
    /// Fixed: it does not rotate.
    is_mandatory: bool,
}

impl ClientCertVerifier for LiveClientVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.is_mandatory
    }

    /// Names no CA, so that clients choose by themselves.
    ///
    /// rustls borrows the names for longer than a revision may be current.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verifier = self.live.now().cert_verifier;
        verifier.verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verifier = self.live.now().cert_verifier;
        verifier.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verifier = self.live.now().cert_verifier;
        verifier.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.live.now().cert_verifier.supported_verify_schemes()
    }
}
