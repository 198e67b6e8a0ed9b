use std::sync::Arc;

use pki_types::ServerName;

use crate::backend::{ClientAuthMode, SessionVerifier};

/// What a handshake is held to.
pub(in crate::backend::rustls) struct HandshakeParams {
    pub(in crate::backend::rustls) verifier: Arc<SessionVerifier>,
    pub(in crate::backend::rustls) end: SideParams,
    /// Whether a session may be resumed.
    pub(in crate::backend::rustls) resumes: bool,
}

/// Which end we are.
pub(in crate::backend::rustls) enum SideParams {
    /// Of the server of this name.
    Client(ServerName<'static>),
    Server(ClientAuthMode),
}
