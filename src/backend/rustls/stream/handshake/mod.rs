use core::{fmt, mem};
use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::HandshakeKind;

use super::handshake_params::{HandshakeParams, SideParams};
use super::side_connection::SideConnection;
use super::{RustlsStream, Tickets};
use crate::backend::rustls::error::from_io;
use crate::backend::rustls::session::VerifiedSession;
use crate::backend::rustls::session_info;
use crate::backend::rustls::slot::{HandshakeRecord, with_slot};
use crate::backend::{
    CertificateRequest, ClientAuthMode, Handshake, HandshakeError, HandshakeResult,
};
use crate::peer::PeerIdentity;
use crate::policy::{Rejection, RejectionReason};

/// A handshake of either side.
pub(crate) struct RustlsHandshake<IO> {
    /// `None` once it is over.
    stream: Option<RustlsStream<IO>>,
    params: HandshakeParams,
    record: HandshakeRecord,
}

impl<IO: Read + Write> RustlsHandshake<IO> {
    pub(in crate::backend::rustls) fn new(
        connection: SideConnection,
        io: IO,
        params: HandshakeParams,
        record: HandshakeRecord,
    ) -> Self {
        Self {
            stream: Some(RustlsStream {
                connection,
                io,
                is_closed: false,
                tickets: None,
            }),
            params,
            record,
        }
    }

    fn failed(&mut self, error: io::Error) -> HandshakeError {
        match self.record.verdict.take() {
            Some(Err(rejection)) => return HandshakeError::Rejected(rejection),
            // The transport may only not be ready: the handshake continues and needs the verdict at
            // its end.
            accepted => self.record.verdict = accepted,
        }
        let verifier = &self.params.verifier;
        verifier.complete(from_io(error), &self.record.request)
    }

    fn finish(
        &mut self,
        mut stream: RustlsStream<IO>,
    ) -> Result<HandshakeResult<RustlsStream<IO>>, HandshakeError> {
        let connection = &stream.connection;
        let resumed = connection.handshake_kind() == Some(HandshakeKind::Resumed);
        let peer = if resumed {
            Some(self.reverified_peer(connection)?)
        } else {
            self.verified_peer(connection)?
        };
        if let (true, SideParams::Client(_)) = (self.params.resumes, &self.params.end) {
            stream.tickets = self.tickets(peer.as_ref()).map(Box::new);
        }
        let connection = &stream.connection;
        Ok(HandshakeResult {
            peer,
            session: session_info::of(connection, &self.params.end, self.record.signature, resumed),
            // In a resumed session the server does not request a certificate.
            request: if resumed {
                CertificateRequest::NotShown
            } else {
                mem::take(&mut self.record.request)
            },
            stream,
        })
    }

    /// Returns the peer of a full handshake.
    fn verified_peer(
        &mut self,
        connection: &SideConnection,
    ) -> Result<Option<PeerIdentity>, HandshakeError> {
        let verdict = self.record.verdict.take();
        match (leaf(connection), verdict) {
            (Some(leaf), Some(Ok(peer))) if peer.leaf() == leaf => Ok(Some(peer)),
            (Some(_), _) => Err(HandshakeError::backend(
                "the peer's certificate was not verified",
            )),
            (None, _) => match self.params.end {
                SideParams::Server(ClientAuthMode::Optional) => Ok(None),
                SideParams::Server(ClientAuthMode::Required) | SideParams::Client(_) => {
                    let rejection = Rejection::new(RejectionReason::NoCertificate);
                    Err(HandshakeError::Rejected(rejection))
                }
            },
        }
    }

    /// Returns the peer of a resumed session, which the session store verified again.
    fn reverified_peer(&self, connection: &SideConnection) -> Result<PeerIdentity, HandshakeError> {
        let HandshakeParams {
            verifier,
            end,
            resumes,
        } = &self.params;
        if !resumes {
            return Err(HandshakeError::backend(
                "a session was resumed, which is switched off",
            ));
        }
        let peer = match (leaf(connection), &self.record.proof) {
            (Some(leaf), Some(proof)) if proof.peer.leaf() == leaf => proof.peer.clone(),
            _ => {
                return Err(HandshakeError::backend(
                    "a session was resumed whose peer was not verified again",
                ));
            }
        };
        match end {
            SideParams::Client(name) => verifier.shadow_resumed_server(&peer, name),
            SideParams::Server(_) => verifier.shadow_resumed_client(&peer),
        }
        Ok(peer)
    }

    fn tickets(&mut self, peer: Option<&PeerIdentity>) -> Option<Tickets> {
        let verifier = &self.params.verifier;
        let proof = match self.record.proof.take() {
            Some(proof) => proof,
            None => Arc::new(VerifiedSession::new(verifier, peer?.clone())?),
        };
        Some((Arc::clone(verifier), proof))
    }
}

impl<IO: Read + Write> Handshake<IO> for RustlsHandshake<IO> {
    type Stream = RustlsStream<IO>;

    fn advance(&mut self) -> Result<HandshakeResult<Self::Stream>, HandshakeError> {
        let Some(stream) = &mut self.stream else {
            return Err(HandshakeError::backend("the handshake is over"));
        };
        let record = mem::take(&mut self.record);
        let (result, record) = with_slot(&self.params.verifier, record, || {
            while stream.connection.is_handshaking() || stream.connection.wants_write() {
                if stream.connection.complete_io(&mut stream.io)? == (0, 0) {
                    return Err(io::ErrorKind::WriteZero.into());
                }
            }
            Ok(())
        });
        self.record = record;
        match result {
            Err(error) => {
                // rustls tries once, and stops after the first record: in TLS 1.3 the alert comes
                // later.
                let _ = stream.send_pending();
                Err(self.failed(error))
            }
            Ok(()) => match self.stream.take() {
                Some(stream) => self.finish(stream),
                None => Err(HandshakeError::backend("the handshake is over")),
            },
        }
    }

    fn io_mut(&mut self) -> Option<&mut IO> {
        self.stream.as_mut().map(|stream| &mut stream.io)
    }
}

impl<IO> fmt::Debug for RustlsHandshake<IO> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RustlsHandshake").finish_non_exhaustive()
    }
}

/// Returns the peer's leaf in rustls.
fn leaf(connection: &SideConnection) -> Option<&[u8]> {
    connection.peer_certificates()?.first().map(AsRef::as_ref)
}

#[cfg(all(test, feature = "aws-lc-rs"))]
mod tests;
