// The README links to files, the documentation to items. The first definition of a link counts.
#![doc = "[capabilities]: crate::backend::Capability"]
#![doc = "[guides]: crate::guides"]
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
// Each item shows the feature that it needs; docs.rs sets `docsrs`.
#![cfg_attr(docsrs, feature(doc_cfg))]
// Not in the manifest, because these lints bind the library but not tests, examples and benches.
#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

#[cfg_attr(
    not(all(
        feature = "rustls",
        feature = "openssl",
        feature = "native-tls",
        feature = "tokio"
    )),
    allow(
        dead_code,
        unused_imports,
        reason = "the adapters share what not each of them uses"
    )
)]
pub mod backend;
mod bounded_table;
mod builder;
mod client;
#[cfg_attr(
    not(all(
        feature = "rustls",
        feature = "openssl",
        feature = "native-tls",
        feature = "tokio"
    )),
    allow(
        dead_code,
        unused_imports,
        reason = "the adapters share what not each of them uses"
    )
)]
pub mod connection;
mod crypto;
mod current;
pub mod error;
pub mod event;
pub mod formats;
pub mod guides;
mod handshake_loop;
#[cfg_attr(
    not(feature = "tokio"),
    allow(dead_code, reason = "a listener uses more of it")
)]
mod handshake_report;
mod integration;
pub mod material;
pub mod peer;
pub mod policy;
mod recent;
mod report;
pub mod rotation;
mod server;
mod side;
mod stream;
#[cfg(feature = "test-util")]
pub mod test_util;
mod x509;

pub use pki_types;

pub use crate::backend::event::Event;
pub use crate::backend::handshake_error::HandshakeError;
#[allow(
    unused_imports,
    unreachable_pub,
    reason = "without a backend there are none"
)]
pub use crate::backend::values::*;
pub use crate::builder::Builder;
pub use crate::client::{ClientBuilder, MtlsClient};
pub use crate::connection::handle::ConnectionHandle;
pub use crate::error::material::MaterialError;
#[cfg(feature = "axum")]
pub use crate::integration::axum;
#[cfg(feature = "config")]
pub use crate::integration::config;
#[cfg(feature = "http")]
pub use crate::integration::http;
#[cfg(feature = "hyper")]
pub use crate::integration::hyper;
#[cfg(feature = "quinn")]
pub use crate::integration::quinn;
#[cfg(feature = "reqwest")]
pub use crate::integration::reqwest;
#[cfg(feature = "spiffe")]
pub use crate::integration::spiffe::SpiffeSource;
#[cfg(feature = "tokio")]
pub use crate::integration::tokio::AsyncMtlsStream;
#[cfg(feature = "tokio")]
pub use crate::integration::tokio::listener::MtlsListener;
#[cfg(feature = "tonic")]
pub use crate::integration::tonic;
#[cfg(feature = "tower")]
pub use crate::integration::tower;
pub use crate::material::anchors::TrustAnchors;
pub use crate::material::chain::CertificateChain;
pub use crate::material::identity::MtlsIdentity;
pub use crate::material::input::passphrase::Passphrase;
pub use crate::material::key::PrivateKey;
pub use crate::material::loader::Loader;
pub use crate::material::revocation::RevocationLists;
pub use crate::peer::identity::PeerIdentity;
pub use crate::peer::spiffe::SpiffeId;
pub use crate::policy::build_error::BuildError;
pub use crate::policy::matcher::PeerMatcher;
pub use crate::policy::revocation_rules::RevocationRules;
pub use crate::policy::trust::TrustBundles;
pub use crate::policy::verdict::reason::RejectionReason;
pub use crate::policy::verdict::rejection::Rejection;
pub use crate::policy::verifier::PeerVerifier;
pub use crate::policy::verifier_policy::VerifierPolicy;
pub use crate::report::Report;
#[cfg(feature = "watch")]
pub use crate::rotation::files::FileSource;
pub use crate::rotation::rotation::Rotation;
pub use crate::rotation::source::Source;
pub use crate::rotation::status::Status;
pub use crate::server::{MtlsServer, ServerBuilder};
pub use crate::stream::MtlsStream;
