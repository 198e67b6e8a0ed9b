//! quinn 0.11, on rustls.
//!
//! QUIC has no graceful end of a connection below the application protocol: close it when its
//! handle [should end](crate::ConnectionHandle::on_end).

use core::error::Error;
use core::iter::successors;
use std::sync::Arc;

use pki_types::{CertificateDer, ServerName};
use quinn::ConnectionError;
use quinn::crypto::rustls::{NoInitialCipherSuite, QuicClientConfig, QuicServerConfig};

use crate::backend::values::Rustls;
use crate::backend::{Backend, HandshakeError};
use crate::client::{MtlsClient, parse};
use crate::connection::{ClientAuth, ConnectionContext, ConnectionHandle};
use crate::error::Alert;
use crate::policy::{BuildError, Rejection, RejectionReason};
use crate::server::MtlsServer;

/// Makes a configuration whose handshakes follow the rotation.
///
/// Give the client `alpn(..)` of the application protocol, which QUIC requires (RFC 9001, section
/// 8.1).
///
/// ```no_run
/// # async fn f(client: mtls::MtlsClient, mut endpoint: quinn::Endpoint)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// endpoint.set_default_client_config(mtls::quinn::client_config(&client)?);
/// let connection = endpoint.connect(([127, 0, 0, 1], 4433).into(), "db.internal")?.await?;
/// let handle = mtls::quinn::connected(&client, "db.internal", &connection)?;
/// println!("connected to {:?}", handle.peer());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`BuildError::Unsupported`] if TLS 1.3 is off, or the crypto provider lacks AES-128-GCM.
pub fn client_config(client: &MtlsClient<Rustls>) -> Result<::quinn::ClientConfig, BuildError> {
    let config = client.live_config();
    let name = ServerName::IpAddress(core::net::IpAddr::from([127, 0, 0, 1]).into());
    let version = ::quinn::rustls::quic::Version::V1;
    // quinn panics in a handshake that has no TLS 1.3.
    ::quinn::rustls::quic::ClientConnection::new(Arc::clone(&config), version, name, Vec::new())
        .map_err(|_| unsupported(WITHOUT_TLS13))?;
    let config = QuicClientConfig::try_from(config).map_err(no_suite)?;
    Ok(::quinn::ClientConfig::new(Arc::new(config)))
}

/// Makes a configuration whose handshakes follow the rotation.
///
/// ```no_run
/// # async fn f(server: mtls::MtlsServer) -> Result<(), Box<dyn std::error::Error>> {
/// let config = mtls::quinn::server_config(&server)?;
/// let endpoint = quinn::Endpoint::server(config, ([0, 0, 0, 0], 4433).into())?;
/// while let Some(incoming) = endpoint.accept().await {
///     let server = server.clone();
///     tokio::spawn(async move {
///         let connection = incoming.await?;
///         let handle = mtls::quinn::accepted(&server, &connection)?;
///         println!("{:?} from {:?}", handle.peer(), handle.remote_addr());
///         tokio::select! {
///             reason = handle.ended() => connection.close(0u32.into(), reason.to_string().as_bytes()),
///             error = connection.closed() => println!("{error}"), // and what the service does
///         }
///         Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
///     });
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`BuildError::Unsupported`] if TLS 1.3 is off, or the crypto provider lacks AES-128-GCM.
pub fn server_config<A: ClientAuth>(
    server: &MtlsServer<Rustls, A>,
) -> Result<::quinn::ServerConfig, BuildError> {
    let config = server.live_config();
    let version = ::quinn::rustls::quic::Version::V1;
    ::quinn::rustls::quic::ServerConnection::new(Arc::clone(&config), version, Vec::new())
        .map_err(|_| unsupported(WITHOUT_TLS13))?;
    let config = QuicServerConfig::try_from(config).map_err(no_suite)?;
    Ok(::quinn::ServerConfig::with_crypto(Arc::new(config)))
}

/// Identifies the client of a connection on [`server_config`], and tracks the connection.
///
/// The client is verified by the revision in force. The connection is tracked until the handle is
/// dropped.
///
/// # Errors
/// [`HandshakeError::Rejected`] if the revision in force rejects the client, or it is anonymous;
/// [`HandshakeError::Io`] if no thread for the verification can be started.
pub fn accepted<A: ClientAuth>(
    server: &MtlsServer<Rustls, A>,
    connection: &::quinn::Connection,
) -> Result<ConnectionHandle, HandshakeError> {
    let peer = server
        .identify(&chain(connection)?)
        .map_err(HandshakeError::Rejected)?;
    server
        .track(&peer, context(connection))
        .map_err(HandshakeError::Io)
}

/// Identifies the server of a connection on [`client_config`], and tracks the connection.
///
/// `server_name` is the name that the connection was opened with.
///
/// # Errors
/// As [`accepted`], and [`HandshakeError::InvalidServerName`].
pub fn connected(
    client: &MtlsClient<Rustls>,
    server_name: &str,
    connection: &::quinn::Connection,
) -> Result<ConnectionHandle, HandshakeError> {
    let name = parse(server_name)?;
    let peer = client
        .identify(&chain(connection)?, &name)
        .map_err(HandshakeError::Rejected)?;
    client
        .track(&peer, &name, context(connection))
        .map_err(HandshakeError::Io)
}

/// Finds the rejection of our certificate by the server in an error of quinn.
///
/// In QUIC it arrives after the client's handshake, as the error of a connection or of a stream,
/// and is [`HandshakeError::RejectedByPeer`]. quinn's own error has the number of the alert (RFC
/// 9001, section 4.8), which [`HandshakeError::find`] does not see.
///
/// ```no_run
/// # async fn f(client: mtls::MtlsClient, connection: quinn::Connection) {
/// let error = connection.closed().await;
/// if let Some(rejection) = mtls::quinn::rejected_by_peer(&client, &error) {
///     eprintln!("{}", mtls::Report::new(&rejection));
/// }
/// # }
/// ```
pub fn rejected_by_peer(
    client: &MtlsClient<Rustls>,
    error: &(dyn Error + 'static),
) -> Option<HandshakeError> {
    let mut causes = successors(Some(error), |&error| error.source()).take(MAX_CAUSES);
    let code = causes.find_map(|error| match error.downcast_ref()? {
        ConnectionError::ConnectionClosed(close) => Some(u64::from(close.error_code)),
        _ => None,
    })?;
    let alert = u8::try_from(code.checked_sub(CRYPTO_ERROR)?).ok()?;
    let rejection = HandshakeError::by_peer(Alert::from_code(alert));
    let verifier = &client.revision().verifier;
    Some(verifier.complete(rejection, &Default::default()))
}

/// The most causes that are looked at.
const MAX_CAUSES: usize = 32;

/// The QUIC error of the alert 0.
const CRYPTO_ERROR: u64 = 0x100;

fn context(connection: &::quinn::Connection) -> ConnectionContext {
    ConnectionContext::new().remote_addr(connection.remote_address())
}

fn chain(connection: &::quinn::Connection) -> Result<Vec<CertificateDer<'static>>, HandshakeError> {
    let chain = connection
        .peer_identity()
        .and_then(|chain| chain.downcast().ok());
    match chain {
        Some(chain) => Ok(*chain),
        None => {
            let rejection = Rejection::new(RejectionReason::NoCertificate);
            Err(HandshakeError::Rejected(rejection))
        }
    }
}

const WITHOUT_TLS13: &str = "QUIC uses TLS 1.3 alone, which is off";

fn no_suite(_: NoInitialCipherSuite) -> BuildError {
    unsupported("its crypto provider lacks AES-128-GCM")
}

fn unsupported(reason: &'static str) -> BuildError {
    BuildError::Unsupported {
        setting: "backend",
        backend: Rustls::KIND,
        what: "QUIC",
        reason,
    }
}
