use core::fmt;

use super::session::session_info::SessionInfo;
use super::verification::alert_hint::CertificateRequest;
use crate::peer::PeerIdentity;

/// The result of a successful handshake.
pub(crate) struct HandshakeResult<S> {
    pub(crate) stream: S,
    /// The peer that was accepted; `None` when no certificate was requested and none was sent.
    pub(crate) peer: Option<PeerIdentity>,
    /// What was negotiated. In a resumed session the peer was verified by the certificates of the
    /// first.
    pub(crate) session: SessionInfo,
    /// For a client: how the server requested its certificate. A TLS 1.3 server may still reject
    /// it.
    pub(crate) request: CertificateRequest,
}

impl<S> fmt::Debug for HandshakeResult<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandshakeResult")
            .field("peer", &self.peer)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}
