//! What a backend must give, and the door to each.
//!
//! The facade and the adapters meet in [`traits`](self) and nowhere else; no adapter knows another.

mod capability;
mod handshake;
mod judge;
mod settings;
mod traits;

#[cfg(feature = "native-tls")]
mod native_tls;
#[cfg(feature = "openssl")]
mod openssl;
#[cfg(feature = "rustls")]
mod rustls;

pub use capability::{Capability, Support};
pub use handshake::{Established, HandshakeError};
pub use judge::{Event, Judge};
pub use settings::{ClientSettings, ProtocolVersion, ServerSettings};
pub use traits::{
    Backend, ClientBackend, DangerNativeClient, Handshake, NativeClient, NativeServer,
    ServerBackend, TlsStream,
};
pub(crate) use judge::{Clock, Observer};
pub(crate) use settings::{ClientAuth, Versions};
pub(crate) use traits::sealed;

#[cfg(feature = "native-tls")]
pub use native_tls::NativeTls;
#[cfg(feature = "openssl")]
pub use openssl::{OpenSsl, OpenSslClientConfig, OpenSslServerConfig};
#[cfg(feature = "rustls")]
pub use rustls::{Rustls, RustlsStream};
