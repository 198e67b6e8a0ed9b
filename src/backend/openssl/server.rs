use core::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use openssl::error::ErrorStack;
use openssl::ssl::{
    AlpnError, ClientHelloResponse, Ssl, SslContext, SslContextBuilder, SslMethod, SslRef,
    SslVerifyMode,
};

use super::slot::{self, ExpectedPeer, OwnHandshake, Slot};
use super::stream::{OpenSslHandshake, SideParams};
use super::{OpenSsl, convert, verifier, verify_codes};
use crate::backend::adapter::{ServerAdapter, ToNative};
use crate::backend::{
    ClientAuthMode, Crypto, HandshakeError, NativeServer, ServerSettings, SessionVerifier,
};
use crate::peer::PeerIdentity;
use crate::policy::BuildError;

/// An OpenSSL configuration for a server, and the verifier of its clients.
///
/// Other code can accept connections with its [`context`](Self::context). Clients are verified
/// within the handshake. Afterwards [`verified_peer`](Self::verified_peer) returns the client's
/// identity, or the reason of its rejection.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::{MtlsIdentity, MtlsServer, OpenSsl, TrustAnchors, VerifierPolicy};
/// use openssl::ssl::{Ssl, SslStream};
///
/// let config = MtlsServer::builder()
///     .identity(MtlsIdentity::from_files("server.crt", "server.key")?)
///     .trust_anchors(TrustAnchors::from_file("ca.crt")?)
///     .policy(VerifierPolicy::allow_any_authenticated())
///     .build(OpenSsl::default())?
///     .config();
/// let (tcp, _) = std::net::TcpListener::bind("127.0.0.1:8443")?.accept()?;
/// let mut stream = SslStream::new(Ssl::new(config.context())?, tcp)?;
/// let handshake = stream.accept();
/// let client = config.verified_peer(stream.ssl());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct OpenSslServerConfig {
    context: SslContext,
    verifier: Arc<SessionVerifier>,
    client_auth: ClientAuthMode,
    crypto: Crypto,
}

impl OpenSslServerConfig {
    /// Returns the complete context: it prepares each connection when the client's hello comes.
    pub fn context(&self) -> &SslContext {
        &self.context
    }

    /// Returns the identity of the client, after the handshake.
    ///
    /// After a failed handshake it returns why the client was rejected. `None` is a client without
    /// a certificate, where that is [optional](crate::ServerBuilder::optional_client_auth).
    ///
    /// # Errors
    /// [`HandshakeError::Rejected`] with the reason. [`HandshakeError::Backend`] when the handshake
    /// is not complete, also because OpenSSL itself ended it, when the `Ssl` is not of this
    /// configuration, and when a session was resumed, which would skip the policy.
    pub fn verified_peer(&self, ssl: &SslRef) -> Result<Option<PeerIdentity>, HandshakeError> {
        slot::conclude(ssl, &self.verifier, self.client_auth)
    }
}

impl fmt::Debug for OpenSslServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenSslServerConfig")
            .field("verifier", &self.verifier)
            .finish_non_exhaustive()
    }
}

impl ServerAdapter for OpenSsl {
    type ServerConfig = OpenSslServerConfig;
    type ServerHandshake<IO: Read + Write + Send> = OpenSslHandshake<IO>;

    fn build_server(&self, settings: ServerSettings) -> Result<Self::ServerConfig, BuildError> {
        slot::index().map_err(convert::build_error(
            "a place for our data",
            convert::LIBRARY_ADVICE,
        ))?;
        verify_codes::prepare();
        let mut context = convert::context(
            SslMethod::tls_server(),
            &settings.identity,
            settings.versions,
        )?;
        ask_for_certificate(&mut context, &settings).map_err(convert::build_error(
            "the certificate request",
            "leave a trust anchor whose subject OpenSSL does not read out, or have its CA \
                     reissue it",
        ))?;
        if !settings.alpn.is_empty() {
            let ours = settings.alpn;
            context.set_alpn_select_callback(move |_, offered| {
                convert::alpn_select(&ours, offered).ok_or(AlpnError::ALERT_FATAL)
            });
        }
        Ok(OpenSslServerConfig {
            crypto: convert::crypto(settings.versions),
            context: context.build(),
            verifier: settings.verifier,
            client_auth: settings.client_auth,
        })
    }

    fn server_crypto(config: &Self::ServerConfig) -> Crypto {
        config.crypto
    }

    fn start_server<IO: Read + Write + Send>(
        config: &Self::ServerConfig,
        io: IO,
    ) -> Result<Self::ServerHandshake<IO>, HandshakeError> {
        let mut ssl = Ssl::new(&config.context).map_err(HandshakeError::backend)?;
        OwnHandshake::mark(&mut ssl).map_err(HandshakeError::backend)?;
        let end = SideParams::Server {
            client_auth: config.client_auth,
        };
        OpenSslHandshake::new(ssl, io, Arc::clone(&config.verifier), end)
    }
}

impl NativeServer for OpenSsl {
    type Native = OpenSslServerConfig;
}

impl ToNative<Self> for OpenSslServerConfig {
    fn to_native(&self) -> Self {
        self.clone()
    }
}

fn ask_for_certificate(
    context: &mut SslContextBuilder,
    settings: &ServerSettings,
) -> Result<(), ErrorStack> {
    let mode = match settings.client_auth {
        ClientAuthMode::Optional => SslVerifyMode::PEER,
        ClientAuthMode::Required => SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT,
    };
    context.set_verify_callback(mode, verifier::verify);
    let verifier = Arc::clone(&settings.verifier);
    // Called a second time after a retry request, still before any certificate.
    context.set_client_hello_callback(move |ssl, _alert| {
        Slot::lay(ssl, &verifier, ExpectedPeer::Client)?;
        // Here and not with the client's certificate: an optional one may be missing.
        match verifier.check_serving() {
            Ok(()) => Ok(ClientHelloResponse::SUCCESS),
            Err(rejection) => {
                Slot::reject(ssl, rejection);
                Err(ErrorStack::get())
            }
        }
    });
    context.set_client_ca_list(convert::ca_names(&settings.ca_names)?);
    // Sessions are never resumed; without this, OpenSSL would fail on an offered one, not ignore
    // it.
    context.set_session_id_context(b"mtls")
}
