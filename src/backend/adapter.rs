//! What each backend implements. The public traits of [`bounds`](super::bounds) stand for these.

use std::io::{self, Read, Write};
use std::sync::Arc;

use pki_types::ServerName;

use super::handshake_error::HandshakeError;
use super::handshake_result::HandshakeResult;
use super::session_info::Crypto;
use super::settings::{ClientSettings, ServerSettings};
use crate::error::alert::Alert;
use crate::error::{BackendKind, BuildError};
use crate::policy::SignatureAlgorithms;

/// A TLS library, as a value that is given to `build`.
pub(crate) trait Adapter: Send + Sync + 'static {
    /// Which library it is.
    const LIBRARY: BackendKind;

    /// A connection over `IO`, of either side.
    type Stream<IO: Read + Write + Send>: TlsStream<IO> + Send;

    /// The library's signature algorithms that are on the crate's list; `None` where the platform
    /// verifies signatures itself.
    ///
    /// # Errors
    /// [`BuildError::NoCryptoProvider`] from rustls without a provider.
    fn algorithms(&self) -> Result<Option<SignatureAlgorithms>, BuildError>;
}

/// A backend that can be a client.
pub(crate) trait ClientAdapter: Adapter {
    /// The library's own configuration of one revision. Cloning is cheap.
    type ClientConfig: Clone + Send + Sync + 'static;
    /// A client's handshake on its way.
    type ClientHandshake<IO: Read + Write + Send>: Handshake<IO, Stream = Self::Stream<IO>> + Send;

    /// Turns settings into the library's configuration.
    ///
    /// # Errors
    /// A [`BuildError`] for what the library rejects or cannot enforce.
    fn build_client(&self, settings: ClientSettings) -> Result<Self::ClientConfig, BuildError>;

    /// What the configuration can do.
    fn client_crypto(config: &Self::ClientConfig) -> Crypto;

    /// Begins a handshake; nothing is sent before it is advanced.
    ///
    /// # Errors
    /// [`HandshakeError::Backend`] when the library cannot make a connection of it.
    fn start_client<IO: Read + Write + Send>(
        config: &Self::ClientConfig,
        server_name: &ServerName<'static>,
        io: IO,
    ) -> Result<Self::ClientHandshake<IO>, HandshakeError>;
}

/// A backend that can be a server: that can ask a client for its certificate and verify it.
pub(crate) trait ServerAdapter: Adapter {
    /// The library's own configuration of one revision. Cloning is cheap.
    type ServerConfig: Clone + Send + Sync + 'static;
    /// A server's handshake on its way.
    type ServerHandshake<IO: Read + Write + Send>: Handshake<IO, Stream = Self::Stream<IO>> + Send;

    /// Turns settings into the library's configuration.
    ///
    /// # Errors
    /// A [`BuildError`] for what the library rejects or cannot enforce.
    fn build_server(&self, settings: ServerSettings) -> Result<Self::ServerConfig, BuildError>;

    /// What the configuration can do.
    fn server_crypto(config: &Self::ServerConfig) -> Crypto;

    /// Begins a handshake; nothing is read before it is advanced.
    ///
    /// # Errors
    /// [`HandshakeError::Backend`] when the library cannot make a connection of it.
    fn start_server<IO: Read + Write + Send>(
        config: &Self::ServerConfig,
        io: IO,
    ) -> Result<Self::ServerHandshake<IO>, HandshakeError>;
}

/// A handshake that goes as far as its transport lets it.
pub(crate) trait Handshake<IO> {
    /// The connection that it ends in.
    type Stream;

    /// Goes on until the end or until the transport is not ready, which is a [`HandshakeError::Io`]
    /// of the kind `WouldBlock`: call again then. After any other result it is over.
    ///
    /// # Errors
    /// The [`HandshakeError`] that ended it, after the alert for it was sent.
    fn advance(&mut self) -> Result<HandshakeResult<Self::Stream>, HandshakeError>;

    /// The transport, unless the handshake ended and took it along.
    fn io_mut(&mut self) -> Option<&mut IO>;
}

/// An established connection. Not being ready is an error of the kind `WouldBlock`, as with any
/// transport.
pub(crate) trait TlsStream<IO>: Read + Write {
    /// The transport below.
    fn io(&self) -> &IO;

    /// The transport below; reading or writing it breaks the connection.
    fn io_mut(&mut self) -> &mut IO;

    /// Says to the peer that nothing more will be written (RFC 8446, section 6.1).
    ///
    /// # Errors
    /// The transport's.
    fn close_notify(&mut self) -> io::Result<()>;

    /// The alert from the peer that an error of this stream stands for.
    fn received_alert(error: &io::Error) -> Option<Alert>;
}

/// A configuration of ours that holds one of the library's own.
pub(crate) trait ToNative<N> {
    /// The library's own configuration.
    fn to_native(&self) -> N;
}

/// A client whose native configuration can follow the revisions.
pub(crate) trait LiveClientAdapter: ClientAdapter {
    /// The library's own configuration.
    type Live;

    /// Makes one that asks `current` in each handshake what to present and what to verify by.
    fn live_client(current: Arc<dyn Fn() -> Self::ClientConfig + Send + Sync>) -> Self::Live;
}

/// A server whose native configuration can follow the revisions.
pub(crate) trait LiveServerAdapter: ServerAdapter {
    /// The library's own configuration.
    type Live;

    /// Makes one that asks `current` in each handshake what to present and what to verify by.
    fn live_server(current: Arc<dyn Fn() -> Self::ServerConfig + Send + Sync>) -> Self::Live;
}
