//! What a backend must give, and the door to each.
//!
//! The facade and the adapters meet in these traits and nowhere else; no adapter knows another.

mod capability;
mod diagnosis;
mod event;
mod handshake;
mod judge;
mod own_chain;
mod resumption;
mod serving;
mod session_info;
mod settings;
mod traits;

#[cfg(feature = "native-tls")]
mod native_tls;
#[cfg(feature = "openssl")]
mod openssl;
#[cfg(feature = "rustls")]
mod rustls;
#[cfg(all(test, any(feature = "openssl", feature = "aws-lc-rs")))]
mod tests;

pub use capability::{Capability, Support};
pub(crate) use diagnosis::Request;
pub(crate) use event::{Clock, Observer};
pub use event::{Event, Expiring};
pub use handshake::{Established, HandshakeError};
pub use judge::Judge;
pub(crate) use own_chain::{End, OwnChain};
pub use resumption::{MAX_RESUMPTION_AGE, Resumption};
pub(crate) use serving::{Serving, SourceDeadline};
pub use session_info::{Crypto, SessionInfo};
pub(crate) use settings::no_external_key;
pub(crate) use settings::{ClientAuth, Versions};
pub use settings::{ClientSettings, ProtocolVersion, ServerSettings};
pub use traits::{
    Backend, ClientBackend, DangerNativeClient, Handshake, LiveClient, LiveServer, NativeClient,
    NativeServer, ServerBackend, TlsStream,
};

#[cfg(feature = "native-tls")]
pub use native_tls::{NativeTls, NativeTlsStream};
#[cfg(feature = "openssl")]
pub use openssl::{OpenSsl, OpenSslClientConfig, OpenSslServerConfig, OpenSslStream};
#[cfg(feature = "rustls")]
pub use rustls::{Rustls, RustlsStream};
