//! Handshakes over loopback: every backend as client and as server, with itself, with the others and with raw peers,
//! in TLS 1.2 and 1.3.
//!
//! A [`scene`] says which sides meet; a [`verdict`] says what each side must have seen of it. The
//! backends stand in `examples/support/backends.rs`.

#![cfg_attr(
    not(all(feature = "rustls", feature = "openssl", feature = "tokio")),
    allow(
        dead_code,
        reason = "the stage is set for all of the suite; where a door is shut, some of it is left over"
    )
)]

#[path = "../common/mod.rs"]
mod common;

mod allowed;
mod alpn;
mod anonymous;
#[cfg(feature = "tokio")]
mod asynchronous;
mod build;
mod clients;
mod expiry;
#[cfg(all(feature = "rustls", any(feature = "aws-lc-rs", feature = "ring")))]
mod external_key;
mod federation;
#[cfg(all(
    unix,
    any(
        feature = "aws-lc-rs",
        feature = "ring",
        feature = "openssl",
        feature = "native-tls"
    )
))]
mod key_permissions;
mod met_again;
mod names;
#[cfg(feature = "openssl")]
mod odd;
mod policy;
mod purposes;
#[cfg(all(
    feature = "rustls",
    feature = "openssl",
    any(feature = "aws-lc-rs", feature = "ring")
))]
mod rejected_by_peer;
mod scene;
mod server_auth;
mod servers;
mod shadow;
mod timeout;
mod verdict;
#[cfg(all(feature = "rustls", any(feature = "aws-lc-rs", feature = "ring")))]
mod with_rustls;
