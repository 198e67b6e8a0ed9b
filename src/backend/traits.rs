use std::io::{self, Read, Write};
use std::sync::Arc;

use pki_types::ServerName;

use super::handshake_error::HandshakeError;
use super::handshake_result::HandshakeResult;
use super::session_info::Crypto;
use super::settings::{ClientSettings, ServerSettings};
use crate::error::{BackendKind, BuildError};
use crate::policy::{Alert, SignatureAlgorithms};

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// A TLS library, as a value that is given to `build`.
pub trait Backend: sealed::Sealed + Send + Sync + 'static {
    /// Which library it is.
    const KIND: BackendKind;

    /// A connection over `IO`, of either end.
    type Stream<IO: Read + Write + Send>: TlsStream<IO> + Send;

    /// The library's signature algorithms, as far as they are on the crate's list; `None` where the
    /// platform verifies signatures itself.
    ///
    /// # Errors
    /// [`BuildError::NoCryptoProvider`] from rustls without a provider.
    fn algorithms(&self) -> Result<Option<SignatureAlgorithms>, BuildError>;
}

/// A backend that can be a client.
pub trait ClientBackend: Backend {
    /// The library's own configuration of one revision. Cloning is cheap.
    type ClientConfig: Clone + Send + Sync + 'static;
    /// A client's handshake on its way.
    type ClientHandshake<IO: Read + Write + Send>: Handshake<IO, Stream = Self::Stream<IO>> + Send;

    /// Turns settings into the library's configuration.
    ///
    /// # Errors
    /// A [`BuildError`] for what the library refuses or cannot enforce.
    fn build_client(&self, settings: ClientSettings) -> Result<Self::ClientConfig, BuildError>;

    /// What the configuration is able to.
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

/// A backend that can be a server: that can ask a client for its certificate and judge it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an mTLS server",
    label = "this backend cannot ask a client for its certificate",
    note = "native-tls has no call to request a client certificate on any platform; build the server with `Rustls` \
            or `OpenSsl`"
)]
pub trait ServerBackend: Backend {
    /// The library's own configuration of one revision. Cloning is cheap.
    type ServerConfig: Clone + Send + Sync + 'static;
    /// A server's handshake on its way.
    type ServerHandshake<IO: Read + Write + Send>: Handshake<IO, Stream = Self::Stream<IO>> + Send;

    /// Turns settings into the library's configuration.
    ///
    /// # Errors
    /// A [`BuildError`] for what the library refuses or cannot enforce.
    fn build_server(&self, settings: ServerSettings) -> Result<Self::ServerConfig, BuildError>;

    /// What the configuration is able to.
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
pub trait Handshake<IO> {
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
pub trait TlsStream<IO>: Read + Write {
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

/// A client backend whose own configuration judges the peer as the facade does.
pub trait NativeClient: ClientBackend {
    /// What `config()` gives.
    type Native;

    /// Takes it out of ours.
    fn native(config: &Self::ClientConfig) -> Self::Native;
}

/// A server backend whose own configuration judges the peer as the facade does.
pub trait NativeServer: ServerBackend {
    /// What `config()` gives.
    type Native;

    /// Takes it out of ours.
    fn native(config: &Self::ServerConfig) -> Self::Native;
}

/// A client backend whose own configuration can follow the rotation.
pub trait LiveClient: NativeClient {
    /// Makes one that asks `current` in each handshake what to present and what to judge by.
    fn live(current: Arc<dyn Fn() -> Self::ClientConfig + Send + Sync>) -> Self::Native;
}

/// A server backend whose own configuration can follow the rotation.
pub trait LiveServer: NativeServer {
    /// Makes one that asks `current` in each handshake what to present and what to judge by.
    fn live(current: Arc<dyn Fn() -> Self::ServerConfig + Send + Sync>) -> Self::Native;
}

/// A client backend whose own configuration lacks our judgement.
pub trait DangerNativeClient: ClientBackend {
    /// What `danger_config()` gives.
    type Native;

    /// Takes it out of ours.
    fn native(config: &Self::ClientConfig) -> Self::Native;
}
