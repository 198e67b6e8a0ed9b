//! Our verifier, after the platform's has accepted.

use std::io::{Read, Write};

use native_tls::TlsStream;
use pki_types::{CertificateDer, ServerName};

use crate::backend::{HandshakeError, SessionVerifier};
use crate::peer::PeerIdentity;
use crate::policy::{Rejection, RejectionReason};

/// Verifies the leaf, which is all that the platform shows of the authenticated chain.
pub(super) fn verify_leaf<S: Read + Write>(
    stream: &TlsStream<S>,
    verifier: &SessionVerifier,
    server_name: &ServerName<'_>,
) -> Result<PeerIdentity, HandshakeError> {
    let Some(leaf) = stream.peer_certificate().map_err(HandshakeError::backend)? else {
        let rejection = Rejection::new(RejectionReason::NoCertificate);
        return Err(HandshakeError::Rejected(rejection));
    };
    let leaf = CertificateDer::from(leaf.to_der().map_err(HandshakeError::backend)?);
    verifier
        .server_leaf(&leaf, server_name)
        .map_err(HandshakeError::Rejected)
}
