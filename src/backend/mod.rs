//! What a backend must give, and the door to each.
//!
//! The facade and the adapters meet in these traits and nowhere else; no adapter knows another.

mod capability;
mod event;
mod resumption;
mod session_info;
mod settings;
mod traits;

pub(crate) mod handshake_error;
mod handshake_result;
#[path = "native_tls/capabilities.rs"]
mod native_tls_capabilities;
#[path = "openssl/capabilities.rs"]
mod openssl_capabilities;
#[path = "rustls/capabilities.rs"]
mod rustls_capabilities;

mod kind;
#[cfg(feature = "native-tls")]
mod native_tls;
#[cfg(feature = "openssl")]
mod openssl;
mod protocol_version;
#[cfg(feature = "rustls")]
mod rustls;
#[cfg(all(test, any(feature = "openssl", feature = "aws-lc-rs")))]
mod tests;
pub(crate) mod verification;

pub use capability::{Capability, Support};
pub(crate) use event::{Clock, Observer};
pub use event::{Event, Expiring};
pub use handshake_error::HandshakeError;
pub use handshake_result::HandshakeResult;
pub use protocol_version::ProtocolVersion;
pub(crate) use protocol_version::Versions;
pub use resumption::{MAX_RESUMPTION_AGE, Resumption};
pub use session_info::{Crypto, SessionInfo};
pub(crate) use settings::ClientAuth;
pub(crate) use settings::no_external_key;
pub use settings::{ClientSettings, ServerSettings};
pub use traits::{
    Backend, ClientBackend, DangerNativeClient, Handshake, LiveClient, LiveServer, NativeClient,
    NativeServer, ServerBackend, TlsStream,
};
pub(crate) use verification::alert_hint::CertificateRequest;
pub(crate) use verification::own_chain::{End, OwnChain};
pub(crate) use verification::serving_gate::{ServingGate, SourceDeadline};
pub use verification::session_verifier::SessionVerifier;

#[cfg(feature = "native-tls")]
pub use native_tls::{NativeTls, NativeTlsStream};
#[cfg(feature = "openssl")]
pub use openssl::{OpenSsl, OpenSslClientConfig, OpenSslServerConfig, OpenSslStream};
#[cfg(feature = "rustls")]
pub use rustls::{Rustls, RustlsStream};
