//! The headers in which a gateway passes on its client's certificate.
//!
//! A gateway ends the client's TLS connection, so the service behind it sees the gateway's
//! certificate. The gateway passes the client's on in a header of each request: `Client-Cert` and
//! `Client-Cert-Chain` (RFC 9440), or `X-Forwarded-Client-Cert` (XFCC, of Envoy). Anyone can send
//! such a header, so it counts only as far as its sender is trusted.
//!
//! - The gateway calls [`write_client_cert`] or [`write_xfcc`] for every request.
//! - The service calls [`ForwardedHeaders::take`] for every request, and [`strip`] for trailers.
//!   Both remove the headers in every spelling. Only what a sender wrote that a
//!   [`PeerMatcher`](crate::PeerMatcher) accepts, over mutual TLS, becomes a [`ForwardedPeer`].
//!
//! [`guides::gateways`](crate::guides::gateways) shows both sides. The module is named after the
//! library whose `HeaderMap` it takes. Where both are imported, `::http` is the library. Needs the
//! cargo feature `http`.

mod client_cert;
pub(crate) mod error;
mod forwarded_headers;
mod forwarded_peer;
mod header_names;
mod request_client;
mod writing;
mod xfcc;

pub(crate) use error::hint_of;
pub use forwarded_headers::ForwardedHeaders;
pub use forwarded_peer::ForwardedPeer;
pub use header_names::strip;
pub use request_client::RequestClient;
pub use writing::{write_client_cert, write_xfcc};
