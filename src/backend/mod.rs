//! The TLS libraries, their capabilities and the traits that they implement.
//!
//! The client, the server and the adapters meet only in the traits of `adapter`. No adapter uses
//! another one.

mod adapter;
mod bounds;
mod capability;
pub(crate) mod event;
pub(crate) mod handshake_error;
mod handshake_result;
pub(crate) mod io;
pub(crate) mod key_export;
mod kind;
mod no_backend;
mod settings;
pub(crate) mod telemetry;
#[cfg(all(test, any(feature = "openssl", feature = "aws-lc-rs")))]
mod tests;
pub(crate) mod unreadable_anchor;
mod verification;

pub(crate) mod session;

// A backend has a line, or two, in each of the four parts that follow. Its capabilities are known
// without its feature.
#[path = "native_tls/capabilities.rs"]
mod native_tls_capabilities;
#[path = "openssl/capabilities.rs"]
mod openssl_capabilities;
#[path = "rustls/capabilities.rs"]
mod rustls_capabilities;

impl BackendKind {
    fn capabilities(self) -> &'static Capabilities {
        match self {
            Self::NativeTls => &native_tls_capabilities::CAPABILITIES,
            Self::OpenSsl => &openssl_capabilities::CAPABILITIES,
            Self::Rustls => &rustls_capabilities::CAPABILITIES,
        }
    }
}

#[cfg(feature = "native-tls")]
mod native_tls;
#[cfg(feature = "openssl")]
mod openssl;
#[cfg(feature = "rustls")]
mod rustls;

/// The values for `build`, which stand at the root of the crate.
pub(crate) mod values {
    #[cfg(feature = "native-tls")]
    pub use super::native_tls::NativeTls;
    #[cfg(feature = "openssl")]
    pub use super::openssl::OpenSsl;
    #[cfg(feature = "rustls")]
    pub use super::rustls::Rustls;
}

pub use crate::error::backend_kind::BackendKind;
pub(crate) use adapter::{Handshake, TlsStream, ToNative};
pub use bounds::{
    Backend, ClientBackend, DangerNativeClient, KeyExporter, LiveClient, LiveServer, NativeClient,
    NativeServer, ServerBackend,
};
use capability::Capabilities;
pub use capability::{Capability, Support};
pub(crate) use event::connection_end::{EndCause, EndReason};
pub(crate) use event::handshake::{HandshakeEvent, HandshakeOutcome};
pub(crate) use event::{Clock, Observer};
pub(crate) use event::{Event, ExpiringItem};
pub(crate) use handshake_error::HandshakeError;
pub(crate) use handshake_result::HandshakeResult;
pub use no_backend::NoBackend;
pub(crate) use session::connection_info::{ConnectionId, ConnectionInfo};
pub(crate) use session::protocol_version::{ProtocolVersion, Versions};
pub(crate) use session::resumption::Resumption;
pub(crate) use session::session_info::{Crypto, SessionInfo};
pub(crate) use settings::{ClientAuthMode, ClientSettings, ServerSettings, no_external_key};
pub(crate) use telemetry::{EventSink, HandshakeSpan, RevisionTimes};
pub(crate) use unreadable_anchor::UnreadableTrustAnchor;
pub(crate) use verification::alert_hint::CertificateRequest;
pub(crate) use verification::known_peers::{Examined, Finding, KnownPeers};
pub(crate) use verification::own_chain::OwnChain;
pub(crate) use verification::serving_gate::{ServingGate, SourceDeadline};
pub(crate) use verification::session_verifier::{Pass, SessionVerifier};

/// Returns the hint of a TLS library's own error.
#[cfg(feature = "rustls")]
pub(crate) use rustls::hint_of;

/// Only rustls' configurations are given to libraries that return its errors.
#[cfg(not(feature = "rustls"))]
pub(crate) fn hint_of<'a>(
    _: &'a (dyn core::error::Error + 'static),
) -> Option<std::borrow::Cow<'a, str>> {
    None
}

#[cfg(feature = "openssl")]
pub use openssl::{OpenSslClientConfig, OpenSslServerConfig};

/// The backend of a client or server type that does not name one.
#[cfg(not(feature = "rustls"))]
pub(crate) type DefaultBackend = NoBackend;
/// The backend of a client or server type that does not name one.
#[cfg(feature = "rustls")]
pub(crate) type DefaultBackend = values::Rustls;
