//! The public traits of backends. They are sealed: only this crate can implement a backend.

#![expect(
    private_bounds,
    reason = "what an adapter implements is this crate's own affair"
)]

use super::adapter::{
    Adapter, ClientAdapter, LiveClientAdapter, LiveServerAdapter, ServerAdapter, ToNative,
};
use super::key_export::KeyExportAdapter;
use crate::error::BackendKind;

/// A TLS library, as a value for `build`.
///
/// The backends stand at the root of the crate, such as `Rustls`.
///
/// ```
/// use mtls::backend::{Backend, BackendKind};
///
/// fn name<B: Backend>(_: &B) -> String {
///     B::KIND.to_string()
/// }
/// assert_eq!(name(&mtls::Rustls::default()), BackendKind::Rustls.to_string());
/// ```
pub trait Backend: Adapter {
    /// The library of this backend.
    const KIND: BackendKind;
}

impl<B: Adapter> Backend for B {
    const KIND: BackendKind = B::LIBRARY;
}

/// A backend that supports clients.
///
/// ```
/// use mtls::backend::ClientBackend;
/// use mtls::{BuildError, ClientBuilder, MtlsClient};
///
/// fn build<B: ClientBackend>(builder: ClientBuilder, backend: B) -> Result<MtlsClient<B>, BuildError> {
///     builder.build(backend)
/// }
/// ```
pub trait ClientBackend: Backend + ClientAdapter {}

impl<B: ClientAdapter> ClientBackend for B {}

/// A backend that supports servers: it can request and verify a client's certificate.
///
/// ```
/// use mtls::backend::ServerBackend;
/// use mtls::{BuildError, MtlsServer, ServerBuilder};
///
/// type Built<B> = Result<MtlsServer<B>, BuildError>;
///
/// fn build<B: ServerBackend>(builder: ServerBuilder, backend: B) -> Built<B> {
///     builder.build(backend)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an mTLS server",
    label = "this backend cannot ask a client for its certificate",
    note = "native-tls has no call to request a client certificate on any platform; build the server with `Rustls` \
            or `OpenSsl`"
)]
pub trait ServerBackend: Backend + ServerAdapter {}

impl<B: ServerAdapter> ServerBackend for B {}

/// A client backend with a native configuration that verifies the peer as this crate does.
///
/// These are rustls and OpenSSL.
///
/// ```
/// use mtls::MtlsClient;
/// use mtls::backend::NativeClient;
///
/// fn native<B: NativeClient>(client: &MtlsClient<B>) -> <B as NativeClient>::Native {
///     client.config()
/// }
/// ```
pub trait NativeClient:
    ClientBackend + ClientAdapter<ClientConfig: ToNative<<Self as NativeClient>::Native>>
{
    /// The type that [`MtlsClient::config`](crate::MtlsClient::config) returns:
    /// `Arc<rustls::ClientConfig>` or `OpenSslClientConfig`.
    type Native;
}

/// A server backend with a native configuration that verifies the peer as this crate does.
///
/// These are rustls and OpenSSL.
///
/// ```
/// use mtls::MtlsServer;
/// use mtls::backend::NativeServer;
///
/// fn native<B: NativeServer>(server: &MtlsServer<B>) -> <B as NativeServer>::Native {
///     server.config()
/// }
/// ```
pub trait NativeServer:
    ServerBackend + ServerAdapter<ServerConfig: ToNative<<Self as NativeServer>::Native>>
{
    /// The type that [`MtlsServer::config`](crate::MtlsServer::config) returns:
    /// `Arc<rustls::ServerConfig>` or `OpenSslServerConfig`.
    type Native;
}

/// A client backend with a native configuration that can follow the revisions: rustls.
///
/// ```
/// use mtls::MtlsClient;
/// use mtls::backend::{LiveClient, NativeClient};
///
/// fn live<B: LiveClient>(client: &MtlsClient<B>) -> <B as NativeClient>::Native {
///     client.live_config()
/// }
/// ```
pub trait LiveClient:
    NativeClient + LiveClientAdapter<Live = <Self as NativeClient>::Native>
{
}

impl<B> LiveClient for B where
    B: NativeClient + LiveClientAdapter<Live = <B as NativeClient>::Native>
{
}

/// A server backend with a native configuration that can follow the revisions: rustls.
///
/// ```
/// use mtls::MtlsServer;
/// use mtls::backend::{LiveServer, NativeServer};
///
/// fn live<B: LiveServer>(server: &MtlsServer<B>) -> <B as NativeServer>::Native {
///     server.live_config()
/// }
/// ```
pub trait LiveServer:
    NativeServer + LiveServerAdapter<Live = <Self as NativeServer>::Native>
{
}

impl<B> LiveServer for B where
    B: NativeServer + LiveServerAdapter<Live = <B as NativeServer>::Native>
{
}

/// A backend that exports keying material: rustls and OpenSSL.
///
/// ```
/// use mtls::MtlsStream;
/// use mtls::backend::KeyExporter;
/// use mtls::error::KeyExportError;
/// use std::net::TcpStream;
///
/// fn binding<B: KeyExporter>(stream: &MtlsStream<TcpStream, mtls::PeerIdentity, B>)
/// -> Result<[u8; 32], KeyExportError> {
///     stream.tls_exporter()
/// }
/// ```
pub trait KeyExporter: Backend + KeyExportAdapter {}

impl<B: KeyExportAdapter> KeyExporter for B {}

/// A client backend with a native configuration that lacks the policy: native-tls.
///
/// ```
/// use mtls::MtlsClient;
/// use mtls::backend::DangerNativeClient;
///
/// fn native<B: DangerNativeClient>(client: &MtlsClient<B>) -> B::Native {
///     client.danger_config()
/// }
/// ```
pub trait DangerNativeClient:
    ClientBackend + ClientAdapter<ClientConfig: ToNative<<Self as DangerNativeClient>::Native>>
{
    /// The type that [`MtlsClient::danger_config`](crate::MtlsClient::danger_config) returns:
    /// `native_tls::TlsConnector`.
    type Native;
}
