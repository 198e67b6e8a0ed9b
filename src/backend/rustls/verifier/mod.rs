//! Our verifier behind rustls' verifier interface.

pub(super) mod handshake_signatures;

use core::fmt;
use std::sync::Arc;

use pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use super::error::to_rustls;
use super::signing::scheme::ours;
use super::slot::{await_proof, has_slot, note, proved};
use crate::backend::verification::session_verifier::Pass;
use crate::backend::{ClientAuthMode, Examined, SessionVerifier};
use handshake_signatures::HandshakeSignatures;

fn deliver(verifier: &Arc<SessionVerifier>, examined: Examined) -> Result<(), Error> {
    let Examined { verdict, finding } = examined;
    let answer = match &verdict {
        Ok(_) => Ok(()),
        Err(rejection) => Err(to_rustls(rejection.clone())),
    };
    // The observer learns of a native configuration's handshakes here, and of ours as a whole.
    if !has_slot(verifier) {
        verifier.report_native(verdict.as_ref());
    }
    note(verifier, |record| {
        record.verdict = Some(verdict);
        record.proof = None;
    });
    await_proof(verifier, finding);
    answer
}

/// Records the scheme of the peer's handshake signature, which proves its key, and remembers the
/// peer.
fn signed(verifier: &Arc<SessionVerifier>, leaf: &CertificateDer<'_>, scheme: SignatureScheme) {
    note(verifier, |record| record.signature = ours(scheme));
    if let Some(finding) = proved(verifier, leaf) {
        verifier.remember(finding);
    }
}

/// Verifies servers, for a client.
pub(super) struct ServerVerifier {
    pub(super) verifier: Arc<SessionVerifier>,
    pub(super) signatures: HandshakeSignatures,
}

/// Verifies clients, for a server.
pub(super) struct ClientVerifier {
    pub(super) verifier: Arc<SessionVerifier>,
    pub(super) signatures: HandshakeSignatures,
    pub(super) client_auth: ClientAuthMode,
    pub(super) ca_names: Vec<DistinguishedName>,
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = chain(end_entity, intermediates);
        deliver(
            &self.verifier,
            self.verifier.server(&chain, server_name, Pass::First),
        )
        .map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verified = self.signatures.verify_tls12(message, cert, dss)?;
        signed(&self.verifier, cert, dss.scheme);
        Ok(verified)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verified = self.signatures.verify_tls13(message, cert, dss)?;
        signed(&self.verifier, cert, dss.scheme);
        Ok(verified)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signatures.schemes().to_vec()
    }
}

impl ClientCertVerifier for ClientVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.client_auth == ClientAuthMode::Required
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // The client's certificate is requested: the session that was looked up is not resumed.
        note(&self.verifier, |record| record.proof = None);
        &self.ca_names
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let chain = chain(end_entity, intermediates);
        deliver(&self.verifier, self.verifier.client(&chain, Pass::First))
            .map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verified = self.signatures.verify_tls12(message, cert, dss)?;
        signed(&self.verifier, cert, dss.scheme);
        Ok(verified)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verified = self.signatures.verify_tls13(message, cert, dss)?;
        signed(&self.verifier, cert, dss.scheme);
        Ok(verified)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signatures.schemes().to_vec()
    }
}

impl fmt::Debug for ServerVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServerVerifier")
            .field(&self.verifier)
            .finish()
    }
}

impl fmt::Debug for ClientVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientVerifier")
            .field(&self.verifier)
            .finish()
    }
}

fn chain<'a>(
    end_entity: &'a CertificateDer<'_>,
    intermediates: &'a [CertificateDer<'_>],
) -> Vec<CertificateDer<'a>> {
    core::iter::once(end_entity)
        .chain(intermediates)
        .map(|der| CertificateDer::from(der.as_ref()))
        .collect()
}
