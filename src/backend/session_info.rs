use std::borrow::Cow;

use super::protocol_version::ProtocolVersion;
use crate::material::SignatureScheme;

/// What a handshake negotiated.
///
/// What a backend does not show is `None`: see [`Capability`](crate::backend::Capability). Names are those
/// of IANA's TLS registries.
///
/// ```no_run
/// # use mtls::{HandshakeError, MtlsClient, Rustls};
/// # use std::net::TcpStream;
/// # fn f(client: MtlsClient<Rustls>, tcp: TcpStream) -> Result<(), HandshakeError> {
/// let stream = client.connect("db.internal", tcp)?;
/// let session = stream.session();
/// if !session.has_post_quantum_key_exchange() {
///     println!("{}: {:?}", session.protocol_version(), session.key_exchange_group());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    pub(crate) protocol_version: ProtocolVersion,
    pub(crate) cipher_suite: Option<Cow<'static, str>>,
    pub(crate) key_exchange_group: Option<Cow<'static, str>>,
    pub(crate) signature_scheme: Option<SignatureScheme>,
    pub(crate) alpn: Option<Vec<u8>>,
    pub(crate) server_name: Option<Box<str>>,
    pub(crate) is_resumed: bool,
}

/// The hybrid of X25519 and ML-KEM-768.
pub(crate) const X25519_ML_KEM_768: &str = "X25519MLKEM768";

impl SessionInfo {
    /// The TLS version of the connection.
    pub fn protocol_version(&self) -> ProtocolVersion {
        self.protocol_version
    }

    /// The cipher suite, such as `TLS_AES_256_GCM_SHA384`.
    pub fn cipher_suite(&self) -> Option<&str> {
        self.cipher_suite.as_deref()
    }

    /// The group of the key exchange, such as `X25519MLKEM768`, `x25519` or `secp256r1`.
    pub fn key_exchange_group(&self) -> Option<&str> {
        self.key_exchange_group.as_deref()
    }

    /// Whether the key exchange is known to withstand a quantum computer: a hybrid with ML-KEM
    /// (FIPS 203).
    pub fn has_post_quantum_key_exchange(&self) -> bool {
        self.key_exchange_group()
            .is_some_and(|group| group.contains("MLKEM"))
    }

    /// The scheme by which the peer signed the handshake; `None` also for a resumed session and an
    /// anonymous client, who sign nothing.
    pub fn signature_scheme(&self) -> Option<SignatureScheme> {
        self.signature_scheme
    }

    /// The application protocol that both ends chose (RFC 7301), if they did.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.alpn.as_deref()
    }

    /// The DNS name that the client sent as server name indication (RFC 6066, section 3). An IP
    /// address is not sent.
    pub fn server_name(&self) -> Option<&str> {
        self.server_name.as_deref()
    }

    /// Whether the handshake resumed an earlier session: see [`Resumption`](crate::connection::Resumption).
    pub fn is_resumed(&self) -> bool {
        self.is_resumed
    }
}

/// What a configuration is able to, as far as its library tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Crypto {
    pub(crate) is_fips: Option<bool>,
    pub(crate) prefers_ml_kem: Option<bool>,
}
