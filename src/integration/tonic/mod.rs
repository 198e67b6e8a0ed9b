//! tonic 0.14: channels that follow the rotation, and the peer of a call.
//!
//! On the server, `Server::serve_with_incoming(server.listener(tcp))` needs nothing else. It ends
//! no single connection; [`mtls::hyper::serve`](crate::hyper::serve) does, with
//! `Routes::into_axum_router()`.

mod buffered_body;
mod channel;
mod server;

pub use channel::Channel;
pub use server::{RequestExt, require_peer};
