use core::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use openssl::ssl::{Ssl, SslContext, SslContextRef, SslMethod, SslRef, SslVerifyMode};
use pki_types::ServerName;

use super::slot::{self, ExpectedPeer, OwnHandshake, Slot};
use super::stream::{OpenSslHandshake, SideParams};
use super::{OpenSsl, convert, verifier, verify_codes};
use crate::backend::adapter::{ClientAdapter, ToNative};
use crate::backend::{
    ClientAuthMode, ClientSettings, Crypto, HandshakeError, NativeClient, SessionVerifier,
};
use crate::peer::PeerIdentity;
use crate::policy::BuildError;

/// An OpenSSL configuration for a client, and the verifier of its servers.
///
/// Other code can perform the handshake with an `Ssl` of this configuration. The server is verified
/// within it. Afterwards [`verified_peer`](Self::verified_peer) returns its identity, or the reason
/// of its rejection.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::pki_types::ServerName;
/// use mtls::{MtlsClient, MtlsIdentity, OpenSsl, TrustAnchors};
/// use openssl::ssl::SslStream;
///
/// let config = MtlsClient::builder()
///     .identity(MtlsIdentity::from_files("client.crt", "client.key")?)
///     .trust_anchors(TrustAnchors::from_file("ca.crt")?)
///     .build(OpenSsl::default())?
///     .config();
/// let ssl = config.ssl(&ServerName::try_from("db.internal")?)?;
/// let mut stream = SslStream::new(ssl, std::net::TcpStream::connect("db.internal:5433")?)?;
/// let handshake = stream.connect();
/// let server = config.verified_peer(stream.ssl());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct OpenSslClientConfig {
    context: SslContext,
    verifier: Arc<SessionVerifier>,
    alpn: Arc<[Vec<u8>]>,
    crypto: Crypto,
}

impl OpenSslClientConfig {
    /// Makes a connection for a handshake with the server of this name.
    ///
    /// # Errors
    /// [`HandshakeError::Backend`] when OpenSSL cannot make one.
    pub fn ssl(&self, server_name: &ServerName<'_>) -> Result<Ssl, HandshakeError> {
        let mut ssl = Ssl::new(&self.context).map_err(HandshakeError::backend)?;
        self.prepare(&mut ssl, server_name)?;
        Ok(ssl)
    }

    /// Prepares an `Ssl` of [`danger_context`](Self::danger_context) for the handshake with a
    /// server.
    ///
    /// A DNS name is also sent as server name indication; an IP address is not (RFC 6066, section
    /// 3). Without this call every server is rejected.
    ///
    /// ```
    /// # use mtls::backend::OpenSslClientConfig;
    /// # fn f(config: OpenSslClientConfig) -> Result<(), Box<dyn std::error::Error>> {
    /// use mtls::pki_types::ServerName;
    ///
    /// let mut ssl = openssl::ssl::Ssl::new(config.danger_context())?;
    /// config.prepare(&mut ssl, &ServerName::try_from("db.internal")?)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`HandshakeError::Backend`] when OpenSSL rejects the name.
    pub fn prepare(
        &self,
        ssl: &mut SslRef,
        server_name: &ServerName<'_>,
    ) -> Result<(), HandshakeError> {
        if let ServerName::DnsName(name) = server_name {
            let name = name.as_ref();
            let name = name.strip_suffix('.').unwrap_or(name);
            ssl.set_hostname(name).map_err(HandshakeError::backend)?;
        }
        Slot::lay(
            ssl,
            &self.verifier,
            ExpectedPeer::Server(server_name.to_owned()),
        )
        .map_err(HandshakeError::backend)
    }

    /// Returns the identity of the server, after the handshake.
    ///
    /// After a failed handshake it returns why the server was rejected.
    ///
    /// # Errors
    /// [`HandshakeError::Rejected`] with the reason. [`HandshakeError::Backend`] when the handshake
    /// is not complete, when this configuration did not [`prepare`](Self::prepare) the `Ssl`, and
    /// when a session was resumed, which would skip the policy.
    pub fn verified_peer(&self, ssl: &SslRef) -> Result<PeerIdentity, HandshakeError> {
        slot::conclude(ssl, &self.verifier, ClientAuthMode::Required)?
            .ok_or_else(|| HandshakeError::backend("the server's certificate was not verified"))
    }

    /// Returns the OpenSSL context, which does not have a server's name.
    ///
    /// An `Ssl` made from it rejects every server until it is [prepared](Self::prepare). Only
    /// [`verified_peer`](Self::verified_peer) confirms a server that it accepts.
    pub fn danger_context(&self) -> &SslContextRef {
        &self.context
    }
}

impl fmt::Debug for OpenSslClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenSslClientConfig")
            .field("verifier", &self.verifier)
            .finish_non_exhaustive()
    }
}

impl ClientAdapter for OpenSsl {
    type ClientConfig = OpenSslClientConfig;
    type ClientHandshake<IO: Read + Write + Send> = OpenSslHandshake<IO>;

    fn build_client(&self, settings: ClientSettings) -> Result<Self::ClientConfig, BuildError> {
        slot::index().map_err(convert::build_error(
            "a place for our data",
            convert::LIBRARY_ADVICE,
        ))?;
        verify_codes::prepare();
        let mut context = convert::context(
            SslMethod::tls_client(),
            &settings.identity,
            settings.versions,
        )?;
        context.set_verify_callback(SslVerifyMode::PEER, verifier::verify);
        context.set_verify_depth(convert::LEAF_ALONE);
        if !settings.alpn.is_empty() {
            context
                .set_alpn_protos(&convert::alpn_wire(&settings.alpn))
                .map_err(convert::build_error(
                    "the ALPN protocols",
                    convert::LIBRARY_ADVICE,
                ))?;
        }
        Ok(OpenSslClientConfig {
            crypto: convert::crypto(settings.versions),
            context: context.build(),
            verifier: settings.verifier,
            alpn: settings.alpn.into(),
        })
    }

    fn client_crypto(config: &Self::ClientConfig) -> Crypto {
        config.crypto
    }

    fn start_client<IO: Read + Write + Send>(
        config: &Self::ClientConfig,
        server_name: &ServerName<'static>,
        io: IO,
    ) -> Result<Self::ClientHandshake<IO>, HandshakeError> {
        let mut ssl = Ssl::new(&config.context).map_err(HandshakeError::backend)?;
        OwnHandshake::mark(&mut ssl).map_err(HandshakeError::backend)?;
        config.prepare(&mut ssl, server_name)?;
        let end = SideParams::Client {
            offered: Arc::clone(&config.alpn),
        };
        OpenSslHandshake::new(ssl, io, Arc::clone(&config.verifier), end)
    }
}

impl NativeClient for OpenSsl {
    type Native = OpenSslClientConfig;
}

impl ToNative<Self> for OpenSslClientConfig {
    fn to_native(&self) -> Self {
        self.clone()
    }
}
