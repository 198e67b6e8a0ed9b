//! tokio: the same handshakes and streams over a non-blocking transport.
//!
//! One adapter serves every backend, so that the features stay independent. A crate for each TLS
//! library would make the feature `tokio` depend on all three.

mod connect;
pub(crate) mod listener;
mod poll_io;
#[cfg(unix)]
mod reload_on_signal;
mod stream;

pub use stream::AsyncMtlsStream;

pub(crate) use listener::error::hint_of;
