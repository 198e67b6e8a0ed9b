use std::sync::Arc;

use pki_types::ServerName;

use crate::backend::{ClientAuthMode, SessionVerifier};

/// The parameters of a handshake.
pub(in crate::backend::rustls) struct HandshakeParams {
    pub(in crate::backend::rustls) verifier: Arc<SessionVerifier>,
    pub(in crate::backend::rustls) end: SideParams,
    /// Whether a session may be resumed.
    pub(in crate::backend::rustls) resumes: bool,
}

/// The parameters of our side.
pub(in crate::backend::rustls) enum SideParams {
    /// With the name of the server.
    Client(ServerName<'static>),
    Server(ClientAuthMode),
}
