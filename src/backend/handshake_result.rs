use core::fmt;

use super::session_info::SessionInfo;
use super::verification::alert_hint::CertificateRequest;
use crate::peer::PeerIdentity;

/// What a handshake ended in.
pub(crate) struct HandshakeResult<S> {
    pub(crate) stream: S,
    /// The peer that the judge admitted; `None` when none was asked for and none came.
    pub(crate) peer: Option<PeerIdentity>,
    /// What was negotiated. In a resumed session the peer was judged by the certificates that it
    /// had shown before.
    pub(crate) session: SessionInfo,
    /// For a client: how the server asked for its certificate. A TLS 1.3 server may yet refuse it.
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
