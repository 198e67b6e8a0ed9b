//! tokio: the same handshakes and streams, over a transport that says `WouldBlock` instead of waiting.
//!
//! One adapter serves every backend, so that the features stay independent: a crate per TLS library would bring all
//! three libraries in with the feature `tokio`.

mod connect;
mod poll_io;
mod stream;

pub use stream::AsyncMtlsStream;
