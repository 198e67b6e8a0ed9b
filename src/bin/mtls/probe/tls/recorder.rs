//! What a server shows, recorded behind rustls' interfaces.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mtls::PeerVerifier;
use mtls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use mtls::policy::Explanation;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{
    ClientSessionStore, ResolvesClientCert, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use rustls::crypto::{
    WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, NamedGroup, SignatureScheme};
use x509_cert::Certificate;
use x509_cert::certificate::Version;
use x509_cert::der::{Decode, Encode};

/// CA names of a request that are kept, and their bytes. Hostile servers send thousands.
const MAX_CA_NAMES: usize = 32;
const MAX_CA_NAME_BYTES: usize = 1024;
const MAX_SCHEMES: usize = 64;

/// The server's request for a client certificate (RFC 8446, section 4.3.2).
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// DER `Name`s.
    pub(crate) ca_names: Vec<Vec<u8>>,
    pub(crate) ca_names_left_out: usize,
    pub(crate) schemes: Vec<SignatureScheme>,
}

/// What one connection showed.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) presented: Vec<CertificateDer<'static>>,
    pub(crate) explanation: Option<Explanation>,
    pub(crate) signature_scheme: Option<SignatureScheme>,
    pub(crate) signature_fault: Option<rustls::Error>,
    pub(crate) request: Option<Request>,
    /// Whether one of the server's schemes fits our key; `None` if there is no identity.
    pub(crate) scheme_fits: Option<bool>,
}

/// Records a connection, and lets it go on whatever the server presents.
///
/// So it must never be used together with an identity, unless the user demands it.
pub(crate) struct Recorder {
    pub(super) verifier: Option<PeerVerifier>,
    pub(super) name: ServerName<'static>,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
    record: Mutex<Record>,
    has_ticket: AtomicBool,
}

impl Recorder {
    pub(super) fn new(
        verifier: Option<PeerVerifier>,
        name: ServerName<'static>,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Self {
        Self {
            verifier,
            name,
            algorithms,
            record: Mutex::default(),
            has_ticket: AtomicBool::new(false),
        }
    }

    /// Whether a ticket of TLS 1.3 has come, which servers send once they have verified us.
    pub(super) fn has_ticket(&self) -> bool {
        self.has_ticket.load(Ordering::Relaxed)
    }

    /// Whether our policy accepts the server.
    pub(super) fn is_accepted(&self) -> bool {
        let record = self.record();
        let explanation = record.explanation.as_ref();
        record.signature_fault.is_none()
            && explanation.is_some_and(|explanation| explanation.verdict().is_ok())
    }

    pub(super) fn take(&self) -> Record {
        std::mem::take(&mut *self.record())
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signed(
        &self,
        scheme: SignatureScheme,
        verified: Result<HandshakeSignatureValid, rustls::Error>,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let mut record = self.record();
        record.signature_scheme = Some(scheme);
        record.signature_fault = verified.err();
        Ok(HandshakeSignatureValid::assertion())
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(end_entity).chain(intermediates);
        let presented: Vec<_> = chain.map(|der| der.clone().into_owned()).collect();
        let verifier = self.verifier.as_ref();
        let explanation = verifier.map(|v| v.explain_server(&presented, &self.name, now));
        let mut record = self.record();
        record.explanation = explanation;
        record.presented = presented;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let verified = verify_tls12_signature(message, certificate, signed, &self.algorithms);
        self.signed(signed.scheme, verified)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let verified = match version_1_key(certificate) {
            Some(key) => {
                let key = SubjectPublicKeyInfoDer::from(key);
                verify_tls13_signature_with_raw_key(message, &key, signed, &self.algorithms)
            }
            None => verify_tls13_signature(message, certificate, signed, &self.algorithms),
        };
        self.signed(signed.scheme, verified)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Returns the key of an X.509 version 1 certificate, which rustls cannot read.
fn version_1_key(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let certificate = certificate.tbs_certificate();
    let key = certificate.subject_public_key_info();
    (certificate.version() == Version::V1).then(|| key.to_der().ok())?
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Records the server's request, and answers it with the identity, if there is one.
#[derive(Debug)]
pub(super) struct Presenter {
    pub(super) recorder: Arc<Recorder>,
    pub(super) identity: Option<Arc<dyn ResolvesClientCert>>,
}

impl ResolvesClientCert for Presenter {
    fn resolve(
        &self,
        ca_names: &[&[u8]],
        schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        let is_short = |name: &&&[u8]| name.len() <= MAX_CA_NAME_BYTES;
        let kept = ca_names.iter().filter(is_short).take(MAX_CA_NAMES);
        let kept: Vec<_> = kept.map(|name| name.to_vec()).collect();
        let identity = self.identity.as_ref();
        let certified = identity.and_then(|identity| identity.resolve(ca_names, schemes));
        let fits = |key: &Arc<CertifiedKey>| key.key.choose_scheme(schemes).is_some();
        let mut record = self.recorder.record();
        record.scheme_fits = certified.as_ref().map(fits);
        record.request = Some(Request {
            ca_names_left_out: ca_names.len().saturating_sub(kept.len()),
            ca_names: kept,
            schemes: schemes.iter().take(MAX_SCHEMES).copied().collect(),
        });
        certified
    }

    fn has_certs(&self) -> bool {
        // Otherwise rustls does not show the request.
        true
    }
}

/// Notes that a ticket has come, and keeps none.
#[derive(Debug)]
pub(super) struct TicketNote(pub(super) Arc<Recorder>);

impl ClientSessionStore for TicketNote {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {
        self.0.has_ticket.store(true, Ordering::Relaxed);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}
