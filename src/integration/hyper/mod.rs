//! hyper 1: clients and servers over HTTP/1 and HTTP/2.
//!
//! [`Client`] and [`serve()`] end connections when our identity or trust changes, and see why a
//! connection was rejected. [`Connector`] is for hyper-util's own client.
//!
//! # What follows a rotation
//! New connections always do. A connection that is open stays with the certificate that it was
//! opened with, until the library that holds it lets it go:
//!
//! | what holds the connection | after a change of our identity or trust |
//! |---|---|
//! | [`Client`], `mtls::tonic::Channel`, `mtls::reqwest::client` | the next request opens a new one; requests under way finish on the old one, which stays until that next request |
//! | [`serve()`] with [`retire_connections`](crate::ServerBuilder::retire_connections) | GOAWAY in HTTP/2, `Connection: close` on the next response in HTTP/1; what is open after the time is closed |
//! | a bare client of hyper-util, `reqwest::Client`, `tonic::transport::Channel` | stays as long as there are requests, for ever under load |
//! | `axum::serve`, tonic's `Server` | stays as long as the client uses it; with `retire_connections` it is cut when its time is over |

mod client;
mod connector;
mod error;
pub(in crate::integration) mod last_rejections;
mod message;
mod serve;
mod stream;
pub(in crate::integration) mod unprocessed;

pub use client::Client;
pub use connector::Connector;
pub use error::ConnectionError;
pub use message::MessageExt;
pub use serve::{Serve, serve};
