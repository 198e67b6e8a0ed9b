use std::borrow::Cow;

use super::protocol_version::ProtocolVersion;
use crate::material::SignatureScheme;

/// The parameters that a handshake negotiated.
///
/// What a backend does not show is `None`: see [`Capability`](crate::backend::Capability). Names
/// are those of IANA's TLS registries.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # use mtls::Rustls;
/// # let client = pki::client_builder().alpn(["h2"]).build(Rustls::default())?;
/// # let server = pki::server_builder().alpn(["h2"]).build(Rustls::default())?;
/// # let (stream, _server) = pki::connect(&client, &server);
/// use mtls::connection::ProtocolVersion;
///
/// let session = stream.session();
/// assert_eq!(session.protocol_version(), ProtocolVersion::Tls13);
/// assert_eq!(session.alpn(), Some(&b"h2"[..]));
/// assert_eq!(session.server_name(), Some("db.internal"));
/// println!("{:?}, {:?}", session.cipher_suite(), session.signature_scheme());
/// if !session.has_post_quantum_key_exchange() && !session.is_resumed() {
///     println!("{:?}", session.key_exchange_group());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    /// Returns the TLS version of the connection.
    pub fn protocol_version(&self) -> ProtocolVersion {
        self.protocol_version
    }

    /// Returns the cipher suite, such as `TLS_AES_256_GCM_SHA384`.
    pub fn cipher_suite(&self) -> Option<&str> {
        self.cipher_suite.as_deref()
    }

    /// Returns the group of the key exchange, such as `X25519MLKEM768`, `x25519` or `secp256r1`.
    pub fn key_exchange_group(&self) -> Option<&str> {
        self.key_exchange_group.as_deref()
    }

    /// Whether the key exchange is known to withstand a quantum computer.
    ///
    /// It is if the group is a hybrid with ML-KEM (FIPS 203).
    pub fn has_post_quantum_key_exchange(&self) -> bool {
        self.key_exchange_group()
            .is_some_and(|group| group.contains("MLKEM"))
    }

    /// Returns the scheme of the peer's handshake signature.
    ///
    /// It is `None` also for a resumed session and an anonymous client: there the peer signs
    /// nothing.
    pub fn signature_scheme(&self) -> Option<SignatureScheme> {
        self.signature_scheme
    }

    /// Returns the application protocol that both sides agreed on (RFC 7301), if any.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.alpn.as_deref()
    }

    /// Returns the DNS name of the server name indication (RFC 6066, section 3).
    ///
    /// A client never sends an IP address there.
    pub fn server_name(&self) -> Option<&str> {
        self.server_name.as_deref()
    }

    /// Whether the handshake resumed an earlier session: see
    /// [`Resumption`](crate::connection::Resumption).
    pub fn is_resumed(&self) -> bool {
        self.is_resumed
    }
}

/// The cryptographic abilities of a configuration, as far as its library shows them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Crypto {
    pub(crate) is_fips: Option<bool>,
    pub(crate) prefers_ml_kem: Option<bool>,
}
