//! The traits that each backend implements. The public traits of [`bounds`](super::bounds) stand
//! for these.

use std::io::{self, Read, Write};
use std::sync::Arc;

use pki_types::ServerName;

use super::handshake_error::HandshakeError;
use super::handshake_result::HandshakeResult;
use super::session::session_info::Crypto;
use super::settings::{ClientSettings, ServerSettings};
use crate::error::BackendKind;
use crate::error::alert::Alert;
use crate::policy::{BuildError, SignatureAlgorithms};

/// A TLS library, as a value for `build`.
pub(crate) trait Adapter: Send + Sync + 'static {
    /// The library of this adapter.
    const LIBRARY: BackendKind;

    /// A connection over `IO`, of either side.
    type Stream<IO: Read + Write + Send>: TlsStream<IO> + Send;

    /// Returns the library's signature algorithms that are on the crate's list.
    ///
    /// It is `None` where the platform verifies signatures itself.
    ///
    /// # Errors
    /// [`BuildError::NoCryptoProvider`] from rustls without a provider.
    fn algorithms(&self) -> Result<Option<SignatureAlgorithms>, BuildError>;
}

/// A backend that supports clients.
pub(crate) trait ClientAdapter: Adapter {
    /// The library's own configuration of one revision. Cloning is cheap.
    type ClientConfig: Clone + Send + Sync + 'static;
    /// A client's handshake in progress.
    type ClientHandshake<IO: Read + Write + Send>: Handshake<IO, Stream = Self::Stream<IO>> + Send;

    /// Turns settings into the library's configuration.
    ///
    /// # Errors
    /// A [`BuildError`] for what the library rejects or cannot enforce.
    fn build_client(&self, settings: ClientSettings) -> Result<Self::ClientConfig, BuildError>;

    /// Returns the cryptographic abilities of the configuration.
    fn client_crypto(config: &Self::ClientConfig) -> Crypto;

    /// Starts a handshake; `advance` sends the first data.
    ///
    /// # Errors
    /// [`HandshakeError::Backend`] when the library cannot make a connection from it.
    fn start_client<IO: Read + Write + Send>(
        config: &Self::ClientConfig,
        server_name: &ServerName<'static>,
        io: IO,
    ) -> Result<Self::ClientHandshake<IO>, HandshakeError>;
}

/// A backend that supports servers: it can request and verify a client's certificate.
pub(crate) trait ServerAdapter: Adapter {
    /// The library's own configuration of one revision. Cloning is cheap.
    type ServerConfig: Clone + Send + Sync + 'static;
    /// A server's handshake in progress.
    type ServerHandshake<IO: Read + Write + Send>: Handshake<IO, Stream = Self::Stream<IO>> + Send;

    /// Turns settings into the library's configuration.
    ///
    /// # Errors
    /// A [`BuildError`] for what the library rejects or cannot enforce.
    fn build_server(&self, settings: ServerSettings) -> Result<Self::ServerConfig, BuildError>;

    /// Returns the cryptographic abilities of the configuration.
    fn server_crypto(config: &Self::ServerConfig) -> Crypto;

    /// Starts a handshake; `advance` reads the first data.
    ///
    /// # Errors
    /// [`HandshakeError::Backend`] when the library cannot make a connection from it.
    fn start_server<IO: Read + Write + Send>(
        config: &Self::ServerConfig,
        io: IO,
    ) -> Result<Self::ServerHandshake<IO>, HandshakeError>;
}

/// A handshake that proceeds as far as its transport allows.
pub(crate) trait Handshake<IO> {
    /// The connection that a complete handshake returns.
    type Stream;

    /// Proceeds until the handshake ends or the transport is not ready.
    ///
    /// A transport that is not ready is a [`HandshakeError::Io`] of the kind `WouldBlock`; call
    /// again then. After any other result the handshake is over.
    ///
    /// # Errors
    /// The [`HandshakeError`] that ended it, after its alert was sent.
    fn advance(&mut self) -> Result<HandshakeResult<Self::Stream>, HandshakeError>;

    /// The transport, unless the handshake ended and took it.
    fn io_mut(&mut self) -> Option<&mut IO>;
}

/// An established connection.
///
/// If it is not ready, the error is of the kind `WouldBlock`, as with any transport.
pub(crate) trait TlsStream<IO>: Read + Write {
    /// The transport below.
    fn io(&self) -> &IO;

    /// The transport below; reading or writing it breaks the connection.
    fn io_mut(&mut self) -> &mut IO;

    /// Sends `close_notify`: this side writes no more (RFC 8446, section 6.1).
    ///
    /// # Errors
    /// The transport's errors.
    fn close_notify(&mut self) -> io::Result<()>;

    /// Takes the transport out of the stream; what the library has read or not yet sent is lost.
    fn into_io(self) -> IO;

    /// Returns the peer's alert inside an error of this stream, if there is one.
    fn received_alert(error: &io::Error) -> Option<Alert>;
}

/// A configuration of ours that holds one of the library's own.
pub(crate) trait ToNative<N> {
    /// The library's own configuration.
    fn to_native(&self) -> N;
}

/// A client backend with a native configuration that can follow the revisions.
pub(crate) trait LiveClientAdapter: ClientAdapter {
    /// The library's own configuration.
    type Live;

    /// Makes a configuration that calls `current` in each handshake for its identity and verifier.
    fn live_client(current: Arc<dyn Fn() -> Self::ClientConfig + Send + Sync>) -> Self::Live;
}

/// A server backend with a native configuration that can follow the revisions.
pub(crate) trait LiveServerAdapter: ServerAdapter {
    /// The library's own configuration.
    type Live;

    /// Makes a configuration that calls `current` in each handshake for its identity and verifier.
    fn live_server(current: Arc<dyn Fn() -> Self::ServerConfig + Send + Sync>) -> Self::Live;
}
